import { createRandom } from '../scheduling/seeded-random.mjs';
import { toPercentiles } from '../statistics.mjs';
import { CrowdedBoard } from './crowded-board.mjs';

/** @typedef {import('./crowded-board.mjs').Crowd} Crowd */
/** @typedef {import('../statistics.mjs').Percentiles} Percentiles */
/** @typedef {Crowd & { freedSlot: Percentiles, newTask: Percentiles }} DecisionTimes percentiles in µs */

const SEED = 1;
/** Virtual time between two decisions, as in a fleet where a run takes a few seconds. */
const STEP_MS = 8;

/**
 * How long one decision takes, by its trigger: from a freed slot, or a new task, until every task that can now start is
 * placed and the rest explained.
 * @param {Crowd & { decisions: number, warmUp: number }} options @returns {Promise<DecisionTimes>}
 */
export async function measureDecisions({ decisions, warmUp, ...crowd }) {
  const board = new CrowdedBoard(crowd, createRandom(SEED));
  for (let task = 0; task < crowd.tasks; task += 1) await board.put();
  await board.place();
  while (board.waiting < crowd.tasks) await board.put();
  const measure = async (/** @type {() => Promise<number>} */ decide) => {
    /** @type {number[]} */
    const tookUs = [];
    for (let turn = 0; turn < warmUp + decisions; turn += 1) {
      board.nowMs += STEP_MS;
      const before = process.hrtime.bigint();
      await decide();
      const took = Number(process.hrtime.bigint() - before) / 1000;
      if (turn >= warmUp) tookUs.push(took);
      await board.settle();
    }
    return toPercentiles(tookUs);
  };
  const freedSlot = await measure(() => board.freeSlot());
  const newTask = await measure(() => board.addTask());
  return { ...crowd, freedSlot, newTask };
}
