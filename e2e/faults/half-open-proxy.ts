import { connect, createServer, type Socket } from 'node:net';

/** A network between server and worker in which sockets, not requests, can be made half-open. */
export interface HalfOpenProxy {
  readonly url: string;
  /** Silently drops everything on the sockets that are open now; new ones and HTTP requests work. */
  swallowSockets(): void;
  close(): Promise<void>;
}

interface Pair {
  client: Socket;
  server: Socket;
  isSocket: boolean;
}

/** Opens a proxy in front of a worker's port. */
export async function openHalfOpenProxy(port: number): Promise<HalfOpenProxy> {
  const pairs = new Set<Pair>();
  const listener = createServer((client) => {
    const server = connect({ host: '127.0.0.1', port });
    const pair: Pair = { client, server, isSocket: false };
    pairs.add(pair);
    client.once('data', (first) => {
      pair.isSocket = /^GET \S*\/ws[? ]/.test(String(first));
    });
    client.pipe(server);
    server.pipe(client);
    for (const end of [client, server]) {
      end.on('error', () => {
        // The end of a broken connection: 'close' follows.
      });
      end.on('close', () => {
        client.destroy();
        server.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', () => resolve()));
  const bound = listener.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('no port');
  return {
    url: `http://127.0.0.1:${bound.port}`,
    swallowSockets: () => {
      for (const { client, server, isSocket } of pairs) {
        if (!isSocket) continue;
        client.unpipe(server).resume();
        server.unpipe(client).resume();
      }
    },
    close: () => {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}
