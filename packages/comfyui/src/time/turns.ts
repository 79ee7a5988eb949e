/** As long as one piece of work may hold the thread before others get a turn. */
const TURN_MS = 10;

/** The end of the line in which long work waits: however much there is, one piece of it runs before everybody else is looked after. */
let line: Promise<void> = Promise.resolve();

/** The turns of one piece of long work: `next` waits when this turn has lasted long enough. */
export function createTurns(): { next(): Promise<void> } {
  let beganMs = performance.now();
  return {
    next: async () => {
      if (performance.now() - beganMs < TURN_MS) return;
      line = line.then(() => new Promise((resolve) => setTimeout(resolve, 0)));
      await line;
      beganMs = performance.now();
    },
  };
}
