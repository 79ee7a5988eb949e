/** @typedef {import('../world.mjs').Policy} Policy */
/** @typedef {import('../worker-model.mjs').SimWorker} SimWorker */
/** @typedef {import('../demand.mjs').SimTask} SimTask */

/**
 * One queue for all: the oldest task goes to the least loaded worker with a free slot that can run it, whatever models are
 * loaded there. Later tasks pass one that no free worker can run.
 * @returns {(workers: readonly SimWorker[]) => Policy}
 */
export function createFirstInFirstOut() {
  return (workers) => {
    /** @type {SimTask[]} */
    const waiting = [];
    return {
      arrived: (task) => void waiting.push(task),
      started: () => undefined,
      ended: () => undefined,
      next: () => {
        const free = workers.filter(({ load, spec }) => load < spec.slots).sort((a, b) => a.load - b.load);
        if (free.length === 0) return null;
        for (const [place, task] of waiting.entries()) {
          const worker = free.find((one) => one.canRun(task));
          if (!worker) continue;
          waiting.splice(place, 1);
          return { kind: 'send', task, worker };
        }
        return null;
      },
    };
  };
}
