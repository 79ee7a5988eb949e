import type { Clock } from './clock.ts';

/** How long all long work together may hold the thread before anything else runs. */
const SLICE_MS = 15;

/** How many small steps are run between two looks at the clock. */
const STEPS = 100;

/** The long work of one clock. */
interface LongWork {
  /** Resolves when the last one that yielded may go on. */
  lastTurn: Promise<void>;
  /** When long work began to hold the thread; null while anything else runs. */
  startedMs: number | null;
}

const workOf = new WeakMap<Clock, LongWork>();

/** The share of the thread that one piece of long work has. */
export interface TimeSlice {
  /** Lets everything else run first when the slice, which all long work shares, is used up. */
  yieldIfSpent(): Promise<void>;
  /** Runs work in small steps to its end, yielding between them. */
  run<T>(steps: Iterator<void, T>): Promise<T>;
}

/** For long work on the main thread: with `yieldIfSpent` between its pieces, everything else runs as if it were not there. */
export function startTimeSlice(clock: Clock, sliceMs = SLICE_MS): TimeSlice {
  const yieldIfSpent = async () => {
    const work = findWork(clock);
    if (work.startedMs === null) start(clock, work);
    else if (clock.monotonicMs() - work.startedMs >= sliceMs) await yieldToEventLoop(clock);
  };
  return {
    yieldIfSpent,
    run: async (steps) => {
      for (let count = 1; ; count += 1) {
        const step = steps.next();
        if (step.done) return step.value;
        if (count % STEPS === 0) await yieldIfSpent();
      }
    },
  };
}

/**
 * Lets everything else run, then starts a new slice: however much long work there is, only one piece of it runs before
 * everything else again.
 */
export function yieldToEventLoop(clock: Clock): Promise<void> {
  const work = findWork(clock);
  work.lastTurn = work.lastTurn.then(() => clock.sleep(0)).then(() => start(clock, work));
  return work.lastTurn;
}

function findWork(clock: Clock): LongWork {
  const work = workOf.get(clock) ?? { lastTurn: Promise.resolve(), startedMs: null };
  workOf.set(clock, work);
  return work;
}

function start(clock: Clock, work: LongWork): void {
  work.startedMs = clock.monotonicMs();
  clock.setTimer(0, () => {
    work.startedMs = null;
  });
}
