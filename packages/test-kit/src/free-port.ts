import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections and to port 0 (Linux: from 32768, RFC 6335: from 49152), so that nothing
 * takes the port while its program starts, or starts again.
 */
const PORTS = { first: 20_000, end: 32_768 };
/** Of some 12,000 ports as many as this in a row are never taken. */
const MAX_TRIES = 50;

/** A loopback port that is free now, for programs that have to be told their port or keep it over a restart. */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = randomInt(PORTS.first, PORTS.end);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${MAX_TRIES} ports below ${PORTS.end} is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
