import { AppError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';

const MAX_PAUSE_MS = 5000;

/**
 * Reads what an attempt needs, and retries while the database is unavailable: the task is not at fault, and its prompt may have
 * run already. Throws every other error, and this one too once the server shuts down.
 */
export async function readSurely<T>(
  { clock, logger }: { clock: Clock; logger: Logger },
  stop: AbortSignal,
  read: () => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await read();
    } catch (thrown) {
      const isAway = thrown instanceof AppError && thrown.code === 'UNAVAILABLE';
      if (!isAway || stop.reason === 'shutdown') throw thrown;
      logger.warn('attempt.read_late', { error: thrown });
      await clock.sleep(Math.min(MAX_PAUSE_MS, 200 * 2 ** tries));
    }
  }
}
