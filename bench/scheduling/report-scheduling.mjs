import { formatTable, formatTargets } from '../page.mjs';
import { round } from '../statistics.mjs';

/** @typedef {import('./compare.mjs').Comparison} Comparison */
/** @typedef {import('./figures.mjs').Figures} Figures */
/** @typedef {import('../page.mjs').Target} Target */

/** The scenario that the targets call "mixed". */
const MIXED = 'mixed';

/** @param {readonly Comparison[]} comparisons @returns {Target[]} */
export function listSchedulingTargets(comparisons) {
  return comparisons.flatMap((comparison) => {
    const { scenario, best } = comparison;
    const own = findPolicy(comparison, 'Comfleet');
    const switches = own.switches / best.switches;
    const makespan = own.makespanS / best.makespanS;
    const targets = [
      {
        what: `${scenario}: model switches compared to the best order under the same rules`,
        target: '≤ 1.2 ×',
        measured: `${own.switches} / ${best.switches} = ${round(switches, 2)} ×`,
        isMet: switches <= 1.2,
      },
      {
        what: `${scenario}: makespan compared to it`,
        target: '≤ 1.1 ×',
        measured: `${round(makespan, 2)} ×`,
        isMet: makespan <= 1.1,
      },
    ];
    if (scenario !== MIXED) return targets;
    const fewer = findPolicy(comparison, 'least queue').switches / own.switches;
    const leastQueue = {
      what: `${scenario}: switches of least queue compared to Comfleet's`,
      target: '≥ 2 ×',
      measured: `${round(fewer, 1)} ×`,
      isMet: fewer >= 2,
    };
    return [...targets, leastQueue];
  });
}

/** @param {Comparison} comparison @param {string} name @returns {Figures} */
function findPolicy({ policies }, name) {
  const row = policies.find((policy) => policy.name === name);
  if (!row) throw new Error(`no policy is called ${name}`);
  return row.figures;
}

/** The whole page. @param {readonly Comparison[]} comparisons @param {{ date: string }} circumstances */
export function formatScheduling(comparisons, { date }) {
  return `# Scheduling

Written by \`npm run bench -- scheduling\` on ${date}. Everything here happens in virtual time with committed seeds: the same code gives
the same figures on every machine.

Seeded demand is replayed through the product's own queue and placement (\`packages/server/src/flow/queue\`, \`…/placement\`) with its
default settings and the run times that it learns on the way, and through four simpler policies: **random**, **round robin** and
**least queue** send a task to a worker on arrival, where it waits in that worker's queue; **first in, first out** keeps one queue and
gives the first task to the least loaded worker with a free slot, whatever models are loaded. A worker runs one prompt at a time and
has one more waiting. Run times are divided by the worker's speed. Models stay loaded until their memory is needed; the least recently
used are unloaded first. Loading takes their size divided by the speed of the worker's disk.

**Best order, same rules** is the best order found by a search that knows every arrival and every run time in advance. It keeps the
product's rules: the order within a lane, strict priority across lanes, and no head of a lane passed over more than 24 times or 60 s.
The search is simulated annealing from what Comfleet did, from a plan that leaves everything to the rules and from one that is eager
to switch; a step moves a stretch of a lane to another worker or time, or swaps two workers. Its cost is the sum of makespan, mean
wait and model switches, each relative to Comfleet's. It does not prove the optimum: a better order may exist.
**Best order, no rules** is the same search without priority, fair turns and bypass limits.

Wait: from arrival to the start of the run. Switches: runs that had to load their models, including first loads. Jain: Jain's fairness
index over clients, of the worker time each received relative to its max-min fair share of the workers while it had unfinished tasks;
1 when each had its share.

${formatTargets(listSchedulingTargets(comparisons))}

${comparisons.map(formatComparison).join('\n\n')}
`;
}

/** @param {Comparison} comparison */
function formatComparison({ scenario, about, policies, best, unbounded, search }) {
  const rows = [
    ...policies,
    { name: 'best order, same rules', figures: best },
    { name: 'best order, no rules', figures: unbounded },
  ];
  return `## ${scenario[0]?.toUpperCase()}${scenario.slice(1)}

${about[0]?.toUpperCase()}${about.slice(1)}. Searched: ${search.plans} plans.

${formatTable(
  ['', 'makespan s', 'mean wait s', 'p95 wait s', 'switches', 'Jain', 'preempted'],
  rows.map(({ name, figures }) => [
    name,
    Math.round(figures.makespanS),
    round(figures.meanWaitS),
    round(figures.p95WaitS),
    figures.switches,
    round(figures.jain, 3),
    figures.preempted,
  ]),
)}`;
}
