import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ephemeral ports (Linux: from 32768, RFC 6335: from 49152), so that nothing takes the port while its program starts
 * or restarts.
 */
const PORTS = { first: 20_000, end: 32_768 };
/** This many of some 12,000 ports are never all in use. */
const MAX_TRIES = 50;

/** Finds a free loopback port, for programs that need to be given a port or keep it across a restart. */
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
