import type { Clock } from '../time/clock.ts';

/** As long as one piece of work may hold the thread before others get a turn. */
const TURN_MS = 15;

/**
 * For long work on the main thread: call `next` between its pieces, and everything else goes on as if it were not there.
 * It waits only when this turn has lasted long enough.
 */
export function createTurns(clock: Clock, turnMs = TURN_MS): { next(): Promise<void> } {
  let beganMs = clock.monotonicMs();
  return {
    next: async () => {
      if (clock.monotonicMs() - beganMs < turnMs) return;
      await clock.sleep(0);
      beganMs = clock.monotonicMs();
    },
  };
}
