import type { Clock } from '../time/clock.ts';

/** The promise's outcome, or a rejection with `createError()` after `ms`; a later outcome is dropped. */
export async function within<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  createError: () => Error,
): Promise<T> {
  let cancel = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.setTimer(ms, () => reject(createError()));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}
