/** @typedef {import('../world.mjs').Policy} Policy */
/** @typedef {import('../worker-model.mjs').SimWorker} SimWorker */
/** @typedef {import('../demand.mjs').SimTask} SimTask */
/** @typedef {(candidates: readonly SimWorker[], arrivals: number) => SimWorker | undefined} Choose */

/**
 * What load balancers in front of ComfyUI do: a task is sent to a worker on arrival and waits in that worker's own queue.
 * @param {Choose} choose @returns {(workers: readonly SimWorker[]) => Policy}
 */
function spread(choose) {
  return (workers) => {
    /** @type {SimTask[]} */
    const arrived = [];
    let arrivals = 0;
    return {
      arrived: (task) => void arrived.push(task),
      started: () => undefined,
      ended: () => undefined,
      next: () => {
        const task = arrived.shift();
        if (!task) return null;
        const worker = choose(
          workers.filter((one) => one.canRun(task)),
          arrivals,
        );
        arrivals += 1;
        if (!worker) throw new Error(`no worker can run a task of ${task.model.name}`);
        return { kind: 'send', task, worker };
      },
    };
  };
}

/** @param {import('../seeded-random.mjs').SeededRandom} random */
export function createRandomSpread(random) {
  return spread((candidates) => random.pick(candidates));
}

/** Each in turn, regardless of its load. */
export function createRoundRobin() {
  return spread((candidates, arrivals) => candidates[arrivals % candidates.length]);
}

/** The worker with the fewest prompts; the first one wins a tie. */
export function createLeastQueue() {
  return spread((candidates) => {
    const [first, ...others] = candidates;
    return others.reduce((best, worker) => (best && best.load <= worker.load ? best : worker), first);
  });
}
