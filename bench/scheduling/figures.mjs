import { computeJain } from './fairness.mjs';

/** @typedef {import('./world.mjs').History} History */
/** @typedef {import('./world.mjs').Run} Run */
/** @typedef {{ makespanS: number, meanWaitS: number, p95WaitS: number, switches: number, jain: number, preempted: number }} Figures */

/** From arrival to the start of the run (loading models is part of the run). @param {Run} run */
export function toWaitMs({ task, startMs }) {
  return startMs - task.atMs;
}

/** Computes the figures of a replay. @param {History} history @param {number} workers @returns {Figures} */
export function measure({ runs, preempted }, workers) {
  const waits = runs.map(toWaitMs).sort((a, b) => a - b);
  const p95WaitS = (waits[Math.ceil(waits.length * 0.95) - 1] ?? 0) / 1000;
  return { ...measureCosts(runs), p95WaitS, jain: computeJain(runs, workers), preempted };
}

/** The figures that the search minimises. @param {readonly Run[]} runs */
export function measureCosts(runs) {
  let waitMs = 0;
  let switches = 0;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = 0;
  for (const run of runs) {
    waitMs += toWaitMs(run);
    if (run.loadMs > 0) switches += 1;
    firstMs = Math.min(firstMs, run.task.atMs);
    lastMs = Math.max(lastMs, run.endMs);
  }
  return { makespanS: (lastMs - firstMs) / 1000, meanWaitS: waitMs / runs.length / 1000, switches };
}
