import type { Clock } from '../time/clock.ts';

/** As long as one piece of work may hold the thread before others get a turn. */
const TURN_MS = 15;

/** The end of the line in which long work waits, one line for each clock. */
const lines = new WeakMap<Clock, Promise<void>>();

/** The turns of one piece of long work. */
export interface Turns {
  next(): Promise<void>;
}

/**
 * For long work on the main thread: call `next` between its pieces, and everything else goes on as if it were not there.
 * It waits only when this turn has lasted long enough.
 */
export function createTurns(clock: Clock, turnMs = TURN_MS): Turns {
  let beganMs = clock.monotonicMs();
  return {
    next: async () => {
      if (clock.monotonicMs() - beganMs < turnMs) return;
      await waitForTurn(clock);
      beganMs = clock.monotonicMs();
    },
  };
}

/**
 * Waits for a turn of one's own: however much long work there is, only one piece of it runs before everybody else is looked
 * after again.
 */
export function waitForTurn(clock: Clock): Promise<void> {
  const turn = (lines.get(clock) ?? Promise.resolve()).then(() => clock.sleep(0));
  lines.set(clock, turn);
  return turn;
}
