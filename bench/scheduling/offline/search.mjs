import { measure, measureCosts } from '../figures.mjs';
import { replay } from '../world.mjs';
import { followPlan } from './planned-order.mjs';
import { changePlan, createPlans } from './plans.mjs';

/** @typedef {import('../world.mjs').Scenario} Scenario */
/** @typedef {import('../world.mjs').History} History */
/** @typedef {import('../figures.mjs').Figures} Figures */
/** @typedef {import('../seeded-random.mjs').SeededRandom} SeededRandom */
/** @typedef {import('./planned-order.mjs').Plan} Plan */
/** @typedef {import('./planned-order.mjs').Rules} Rules */
/** @typedef {{ figures: Figures, cost: number, tried: number }} Found */

/** Temperatures of the annealing: a plan that costs this much more is accepted with probability 1/e. */
const HOTTEST = 0.03;
const COLDEST = 0.0005;

/**
 * The best order that simulated annealing finds, with all arrivals and run times known in advance. It starts from what the
 * product did and moves stretches of tasks of one model set to other workers and times. The cost is the sum of makespan, mean
 * wait and model switches, each relative to the product's.
 * @param {Scenario} scenario
 * @param {{ rules: Rules, start: History, reference: Figures, steps: number, random: SeededRandom }} options
 * @returns {Promise<Found>}
 */
export async function searchBestOrder(scenario, { rules, start, reference, steps, random }) {
  const toCost = (/** @type {ReturnType<typeof measureCosts>} */ figures) =>
    figures.makespanS / reference.makespanS +
    figures.switches / reference.switches +
    figures.meanWaitS / Math.max(reference.meanWaitS, 1);
  const evaluate = async (/** @type {Plan} */ plan) => {
    const history = await replay(scenario, followPlan(plan, rules));
    return { plan, history, cost: toCost(measureCosts(history.runs)) };
  };
  const plans = createPlans(scenario, start);
  let current = await evaluate(plans[0]);
  for (const plan of plans.slice(1)) {
    const other = await evaluate(plan);
    if (other.cost < current.cost) current = other;
  }
  let best = current;
  for (let step = 0; step < steps; step += 1) {
    const temperature = HOTTEST * (COLDEST / HOTTEST) ** (step / steps);
    const next = await evaluate(changePlan(current.plan, scenario.workers.length, random));
    if (next.cost <= current.cost || random.next() < Math.exp((current.cost - next.cost) / temperature))
      current = next;
    if (current.cost < best.cost) best = current;
  }
  return {
    figures: measure(best.history, scenario.workers.length),
    cost: best.cost,
    tried: plans.length + steps,
  };
}
