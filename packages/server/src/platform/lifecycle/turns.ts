import type { Clock } from '../time/clock.ts';

/** As long as all long work together may hold the thread before others are looked after. */
const TURN_MS = 15;

/** How many small steps there are between two looks at the clock. */
const STEPS = 100;

/** The long work of one clock. */
interface Line {
  /** Resolves when the last one in the line has had its turn. */
  end: Promise<void>;
  /** When long work began to hold the thread; null while others are looked after. */
  beganMs: number | null;
}

const lines = new WeakMap<Clock, Line>();

/** The turns of one piece of long work. */
export interface Turns {
  next(): Promise<void>;
  /** Work in small steps to its end, a turn after each few of them. */
  run<T>(steps: Iterator<void, T>): Promise<T>;
}

/**
 * For long work on the main thread: call `next` between its pieces, and everything else goes on as if it were not there.
 * It waits only when this turn, which all long work shares, has lasted long enough.
 */
export function createTurns(clock: Clock, turnMs = TURN_MS): Turns {
  const next = async () => {
    const line = findLine(clock);
    if (line.beganMs === null) begin(clock, line);
    else if (clock.monotonicMs() - line.beganMs >= turnMs) await waitForTurn(clock);
  };
  return {
    next,
    run: async (steps) => {
      for (let count = 1; ; count += 1) {
        const step = steps.next();
        if (step.done) return step.value;
        if (count % STEPS === 0) await next();
      }
    },
  };
}

/**
 * Waits for a turn of one's own: however much long work there is, only one piece of it runs before everybody else is looked
 * after again.
 */
export function waitForTurn(clock: Clock): Promise<void> {
  const line = findLine(clock);
  line.end = line.end.then(() => clock.sleep(0)).then(() => begin(clock, line));
  return line.end;
}

function findLine(clock: Clock): Line {
  const line = lines.get(clock) ?? { end: Promise.resolve(), beganMs: null };
  lines.set(clock, line);
  return line;
}

function begin(clock: Clock, line: Line): void {
  line.beganMs = clock.monotonicMs();
  clock.setTimer(0, () => {
    line.beganMs = null;
  });
}
