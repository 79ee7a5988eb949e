import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A listener on loopback, as an internal service has one; counts who connects. */
export interface Bait {
  readonly port: number;
  readonly connections: number;
  close(): Promise<void>;
}

/** `redirectTo`: answers every request with 302 to there; else with a page that holds `text`. */
export async function openBait(options: { redirectTo?: string; text?: string } = {}): Promise<Bait> {
  let connections = 0;
  const { redirectTo, text = 'internal' } = options;
  const server = createServer((_request, response) => {
    if (redirectTo === undefined) response.end(text);
    else response.writeHead(302, { location: redirectTo }).end();
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
