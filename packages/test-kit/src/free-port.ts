import { createServer } from 'node:net';

/** A loopback port that was free just now, for programs that cannot say which one the kernel gave them. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const bound = probe.address();
      probe.close(() => {
        if (typeof bound === 'object' && bound !== null) resolve(bound.port);
        else reject(new Error('the probe has no port'));
      });
    });
  });
}
