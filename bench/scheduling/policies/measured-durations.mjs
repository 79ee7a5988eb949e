/** @typedef {import('../world.mjs').Run} Run */

const KEPT = 20;

/**
 * Run and load times as the control plane comes to know them: medians of what was seen on that worker, nothing before.
 */
export function createMeasuredDurations() {
  /** @type {Map<string, number[]>} */
  const runs = new Map();
  /** @type {Map<string, number[]>} */
  const loads = new Map();
  const key = (/** @type {string} */ workflowKey, /** @type {string} */ workerId) =>
    `${workerId} ${workflowKey}`;
  return {
    /** @param {Run} run */
    learn({ task, worker, startMs, endMs, loadMs }) {
      const own = key(task.model.name, worker.spec.name);
      note(runs, own, endMs - startMs - loadMs);
      if (loadMs > 0) note(loads, own, loadMs);
    },
    /** @param {string} workflowKey @param {string} workerId */
    expectedMs: (workflowKey, workerId) => median(runs.get(key(workflowKey, workerId))),
    /** @param {string} workflowKey @param {string} workerId */
    expectedLoadMs: (workflowKey, workerId) => median(loads.get(key(workflowKey, workerId))),
  };
}

/** @param {Map<string, number[]>} times @param {string} key @param {number} ms */
function note(times, key, ms) {
  const known = times.get(key) ?? [];
  known.push(ms);
  if (known.length > KEPT) known.shift();
  times.set(key, known);
}

/** @param {number[] | undefined} times */
function median(times) {
  if (!times || times.length === 0) return null;
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? null;
}
