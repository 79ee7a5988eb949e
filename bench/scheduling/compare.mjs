import { measure } from './figures.mjs';
import { searchBestOrder } from './offline/search.mjs';
import { createComfleet } from './policies/comfleet.mjs';
import { createFirstInFirstOut } from './policies/first-in-first-out.mjs';
import { createLeastQueue, createRandomSpread, createRoundRobin } from './policies/spread.mjs';
import { createRandom } from './seeded-random.mjs';
import { replay } from './world.mjs';

/** @typedef {import('./world.mjs').Scenario} Scenario */
/** @typedef {import('./figures.mjs').Figures} Figures */
/** @typedef {{ name: string, figures: Figures }} Row */
/**
 * @typedef {object} Comparison
 * @property {string} scenario
 * @property {string} about
 * @property {Row[]} policies Comfleet last
 * @property {Figures} best the best order found under the same rules
 * @property {Figures} unbounded the best order found without rules
 * @property {{ plans: number, seconds: number }} search for both orders together
 */

const SEED = 1;
/** Plans tried per order, multiplied by the number of tasks: small scenarios are searched more thoroughly. */
const SEARCH_SIZE = 2_400_000;

const POLICIES = [
  { name: 'random', create: () => createRandomSpread(createRandom(SEED)) },
  { name: 'round robin', create: createRoundRobin },
  { name: 'least queue', create: createLeastQueue },
  { name: 'first in, first out', create: createFirstInFirstOut },
];

/** Replays a scenario with Comfleet's placement. @param {Scenario} scenario */
export async function replayComfleet(scenario) {
  return replay(scenario, createComfleet({ random: createRandom(SEED).next }));
}

/** Replays it with the usual load balancers. @param {Scenario} scenario @returns {Promise<Row[]>} */
export async function comparePolicies(scenario) {
  /** @type {Row[]} */
  const rows = [];
  for (const { name, create } of POLICIES)
    rows.push({ name, figures: measure(await replay(scenario, create()), scenario.workers.length) });
  return rows;
}

/**
 * Runs every policy on a scenario, and searches for the best orders.
 * @param {Scenario} scenario @param {{ searchSize?: number }} [options] @returns {Promise<Comparison>}
 */
export async function compareScenario(scenario, { searchSize = SEARCH_SIZE } = {}) {
  const policies = await comparePolicies(scenario);
  const start = await replayComfleet(scenario);
  const reference = measure(start, scenario.workers.length);
  policies.push({ name: 'Comfleet', figures: reference });
  const steps = Math.round(searchSize / scenario.tasks.length);
  const startedMs = performance.now();
  const options = { start, reference, steps };
  const best = await searchBestOrder(scenario, { ...options, rules: 'all', random: createRandom(SEED) });
  const unbounded = await searchBestOrder(scenario, {
    ...options,
    rules: 'none',
    random: createRandom(SEED),
  });
  return {
    scenario: scenario.name,
    about: scenario.about,
    policies,
    best: best.figures,
    unbounded: unbounded.figures,
    search: {
      plans: best.tried + unbounded.tried,
      seconds: Math.round((performance.now() - startedMs) / 1000),
    },
  };
}
