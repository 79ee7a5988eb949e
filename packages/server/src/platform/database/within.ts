import { AppError } from '../errors/app-error.ts';
import type { Clock } from '../time/clock.ts';

/** The promise's outcome, or AppError UNAVAILABLE after `ms`; a later outcome is dropped. */
export async function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  let cancel = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.setTimer(ms, () => reject(new AppError('UNAVAILABLE', { reason: 'no_answer' })));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}
