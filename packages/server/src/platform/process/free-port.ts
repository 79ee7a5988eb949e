import { createServer } from 'node:net';

/** Returns whether a port can be bound on this host now; it may be taken a moment later. */
export type PortProbe = (host: string, port: number) => Promise<boolean>;

/** Binds the port and releases it. */
export const isPortFree: PortProbe = (host, port) =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
