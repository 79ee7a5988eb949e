import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AnnounceWorker } from '@comfleet/contract';
import type { Clock } from '@comfleet/sdk';
import { writeDatagram } from './datagram.ts';

export interface SendOptions {
  /** Of the server, or a broadcast address. */
  readonly host: string;
  readonly port: number;
  readonly joinToken: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onSent: () => void;
}

const INTERVAL_MS = 60_000;

/** Sends a signed datagram a minute until the signal is aborted. Rejects when the network refuses one. */
export async function sendDatagrams(worker: AnnounceWorker, options: SendOptions): Promise<void> {
  const { host, port, joinToken, clock, signal, onSent } = options;
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    socket.bind();
    await once(socket, 'listening');
    socket.setBroadcast(true);
    while (!signal.aborted) {
      const datagram = writeDatagram({ at_ms: clock.nowMs(), nonce: randomUUID(), worker }, joinToken);
      await new Promise<void>((resolve, reject) => {
        socket.send(datagram, port, host, (error) => (error ? reject(error) : resolve()));
      });
      onSent();
      await clock.sleep(INTERVAL_MS, signal).catch(() => undefined); // only the signal ends it
    }
  } finally {
    socket.close();
  }
}
