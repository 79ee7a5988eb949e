import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Scope } from '../lifecycle/scope.ts';
import type { Logger } from '../logging/logger.ts';

export interface UdpListenerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  logger: Logger;
  /** Must be quick and never throw. */
  onMessage: (message: Uint8Array, from: string) => void;
}

/** Listens for datagrams until the scope closes; returns the port. Throws as bind does. */
export async function openUdpListener(scope: Scope, options: UdpListenerOptions): Promise<number> {
  const { host, port, logger, onMessage } = options;
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', reuseAddr: false });
  socket.bind(port, host);
  await once(socket, 'listening');
  socket.on('error', (error) => logger.error('udp.failed', { error }));
  socket.on('message', (message, { address }) => onMessage(message, address));
  scope.add('udp listener', async () => {
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  });
  return socket.address().port;
}
