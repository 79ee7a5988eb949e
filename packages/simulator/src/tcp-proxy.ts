import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Clock, systemClock } from './platform/clock.ts';

/** `up` is client to server, `down` is server to client. */
export type Direction = 'up' | 'down';

/** What the network does to connections, in toxiproxy's terms. Times are in milliseconds. */
export type Toxic =
  | {
      readonly kind: 'latency';
      readonly ms: number;
      readonly jitterMs?: number;
      readonly direction?: Direction;
    }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number; readonly direction?: Direction }
  /** Bytes vanish silently: half-open connections, existing and new ones alike. */
  | { readonly kind: 'black_hole'; readonly direction?: Direction }
  /** After this many bytes, counted from now, the connection is reset or closed. */
  | {
      readonly kind: 'limit_data';
      readonly bytes: number;
      readonly direction?: Direction;
      readonly ending?: 'reset' | 'close';
    }
  /** Data arrives in small pieces. */
  | {
      readonly kind: 'slicer';
      readonly size: number;
      readonly delayMs?: number;
      readonly direction?: Direction;
    }
  /** The close of a connection is forwarded late. */
  | { readonly kind: 'slow_close'; readonly ms: number }
  /** One bit of the n-th byte from now on is flipped, once per connection. */
  | { readonly kind: 'mutate'; readonly atByte: number; readonly direction?: Direction };

/** A TCP proxy that simulates network faults. */
export interface TcpProxy {
  readonly url: string;
  readonly port: number;
  /** Adds a toxic to every existing and future connection; the returned function removes it. */
  add(toxic: Toxic): () => void;
  clear(): void;
  /** RST on every open connection, both sides. */
  resetAll(): void;
  /** FIN on every open connection. */
  closeAll(): void;
  /** Stops listening and resets open connections: new ones are refused. */
  goDown(): Promise<void>;
  /** Listens again on the same port. */
  goUp(): Promise<void>;
  connectionCount(): number;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

export interface TcpProxyOptions {
  readonly host: string;
  readonly port: number;
  readonly listenPort?: number;
  readonly clock?: Clock;
}

/** Opens a proxy in front of `host:port` on a loopback port. */
export async function openTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const clock = options.clock ?? systemClock;
  const toxics = new Set<Toxic>();
  const pairs = new Set<Pair>();
  const accept = (client: Socket): void => {
    const server = connect({ host: options.host, port: options.port });
    const pair = { client, server };
    pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined); // 'close' follows and ends the pair
    }
    client.on('close', () => pairs.delete(pair));
    relay(client, server, { direction: 'up', toxics, clock });
    relay(server, client, { direction: 'down', toxics, clock });
  };
  let listener = await listen(accept, options.listenPort ?? 0);
  const { port } = listener.address() as AddressInfo;
  const breakAll = (end: (socket: Socket) => void): void => {
    for (const { client, server } of pairs) {
      end(client);
      end(server);
    }
  };
  const resetAll = (): void =>
    breakAll((socket) => (socket.connecting ? socket.destroy() : socket.resetAndDestroy()));
  const goDown = async (): Promise<void> => {
    const closed = listener.listening
      ? new Promise<void>((resolve) => listener.close(() => resolve()))
      : Promise.resolve();
    resetAll();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    add(toxic) {
      toxics.add(toxic);
      return () => toxics.delete(toxic);
    },
    clear: () => toxics.clear(),
    resetAll,
    closeAll: () => breakAll((socket) => socket.end()),
    goDown,
    async goUp() {
      if (!listener.listening) listener = await listen(accept, port);
    },
    connectionCount: () => pairs.size,
    close: goDown,
  };
}

function listen(accept: (socket: Socket) => void, port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, accept);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

interface RelayScope {
  readonly direction: Direction;
  readonly toxics: ReadonlySet<Toxic>;
  readonly clock: Clock;
}

/** Forwards one direction chunk by chunk, in order, through the toxics that are set at that time. */
function relay(from: Socket, to: Socket, scope: RelayScope): void {
  const passed = new Map<Toxic, number>();
  let tail: Promise<void> = Promise.resolve();
  const enqueue = (work: () => Promise<void> | void): void => {
    tail = tail.then(work).catch(() => {
      from.destroy();
      to.destroy();
    });
  };
  from.on('data', (chunk: Buffer) => {
    from.pause();
    enqueue(async () => {
      await passChunk(chunk, { from, to }, { ...scope, passed });
      from.resume();
    });
  });
  from.on('end', () =>
    enqueue(async () => {
      await waitForClose(scope);
      if (!isSwallowed(scope)) to.end();
    }),
  );
  from.on('close', (hadError) => {
    if (hadError && !isSwallowed(scope)) to.destroy();
    else if (!isSwallowed(scope)) enqueue(() => void to.end());
  });
}

function active(scope: RelayScope): Toxic[] {
  return [...scope.toxics].filter(
    (toxic) =>
      !('direction' in toxic) || toxic.direction === undefined || toxic.direction === scope.direction,
  );
}

function isSwallowed(scope: RelayScope): boolean {
  return active(scope).some((toxic) => toxic.kind === 'black_hole');
}

async function waitForClose(scope: RelayScope): Promise<void> {
  for (const toxic of active(scope)) if (toxic.kind === 'slow_close') await scope.clock.sleep(toxic.ms);
}

interface Ends {
  readonly from: Socket;
  readonly to: Socket;
}

async function passChunk(
  chunk: Buffer,
  ends: Ends,
  scope: RelayScope & { readonly passed: Map<Toxic, number> },
): Promise<void> {
  let pieces: readonly Buffer[] = [chunk];
  let pauseMs = 0;
  for (const toxic of active(scope)) {
    switch (toxic.kind) {
      case 'black_hole':
        return;
      case 'latency':
        await scope.clock.sleep(toxic.ms + (toxic.jitterMs ?? 0) * 0.5);
        break;
      case 'bandwidth':
        await scope.clock.sleep((chunk.length / toxic.bytesPerSecond) * 1000);
        break;
      case 'slicer':
        pieces = slice(chunk, toxic.size);
        pauseMs = toxic.delayMs ?? 0;
        break;
      case 'mutate':
        mutate(chunk, toxic, scope.passed);
        break;
      case 'limit_data':
        if (!passLimited(chunk, ends, { toxic, passed: scope.passed })) return;
        break;
      case 'slow_close':
        break;
    }
  }
  for (const piece of pieces) {
    await write(ends.to, piece);
    if (pauseMs > 0) await scope.clock.sleep(pauseMs);
  }
}

function slice(chunk: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < chunk.length; at += size) pieces.push(chunk.subarray(at, at + size));
  return pieces;
}

function mutate(chunk: Buffer, toxic: Extract<Toxic, { kind: 'mutate' }>, passed: Map<Toxic, number>): void {
  const before = passed.get(toxic) ?? 0;
  const at = toxic.atByte - before;
  passed.set(toxic, before + chunk.length);
  if (at >= 0 && at < chunk.length) chunk[at] = (chunk[at] ?? 0) ^ 1;
}

/** True if the whole chunk may pass; otherwise sends the allowed part and ends the connection. */
function passLimited(
  chunk: Buffer,
  ends: Ends,
  limit: { readonly toxic: Extract<Toxic, { kind: 'limit_data' }>; readonly passed: Map<Toxic, number> },
): boolean {
  const before = limit.passed.get(limit.toxic) ?? 0;
  limit.passed.set(limit.toxic, before + chunk.length);
  if (before + chunk.length <= limit.toxic.bytes) return true;
  const rest = chunk.subarray(0, Math.max(0, limit.toxic.bytes - before));
  ends.to.write(rest, () => {
    for (const socket of [ends.to, ends.from]) {
      if (limit.toxic.ending === 'close') socket.end();
      else socket.resetAndDestroy();
    }
  });
  return false;
}

function write(to: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (to.destroyed || to.writableEnded) return resolve();
    to.write(piece, () => resolve());
  });
}
