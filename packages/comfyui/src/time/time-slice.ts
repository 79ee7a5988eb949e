import type { Clock } from './clock.ts';

/** How long all long work together may block the thread before anything else runs. */
const SLICE_MS = 15;

/** Number of small steps between two checks of the clock. */
const STEPS = 100;

/** The long work of one clock. */
interface LongWork {
  /** Resolves when the last one that yielded may continue. */
  lastTurn: Promise<void>;
  /** When long work began to block the thread; null while anything else runs. */
  startedMs: number | null;
}

const workOf = new WeakMap<Clock, LongWork>();

/** One piece of long work's share of the thread. */
export interface TimeSlice {
  /** Lets everything else run first if the slice, shared by all long work, is used up. */
  yieldIfSpent(): Promise<void>;
  /** Runs work in small steps to its end, yielding between them. */
  run<T>(steps: Iterator<void, T>): Promise<T>;
}

/** For long work on the main thread: with `yieldIfSpent` between its pieces, everything else runs without noticeable delay. */
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

/** Lets everything else run, then starts a new slice: of all long work, only one piece runs before everything else again. */
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
