import { describeMachine, formatTable, formatTargets } from '../page.mjs';

/** @typedef {import('./measure-decision.mjs').DecisionTimes} DecisionTimes */
/** @typedef {import('../page.mjs').Target} Target */

/** @param {DecisionTimes} measured @returns {Target[]} */
export function listDecisionTargets({ freedSlot, newTask }) {
  const target = (/** @type {string} */ what, /** @type {DecisionTimes['newTask']} */ { p50, p99 }) => ({
    what,
    reach: 'p50 ≤ 100 µs',
    measured: `p50 ${p50} µs, p99 ${p99} µs`,
    isReached: p50 <= 100,
  });
  return [
    target('one decision: a slot became free', freedSlot),
    target('one decision: a task came in', newTask),
  ];
}

/** The section of the page. @param {DecisionTimes} measured @param {{ date: string, load: string }} circumstances */
export function formatDecision(measured, { date, load }) {
  const { workers, tasks, lanes, freedSlot, newTask } = measured;
  const row = (/** @type {string} */ what, /** @type {DecisionTimes['newTask']} */ times) => [
    what,
    times.count,
    times.p50,
    times.p90,
    times.p99,
    times.max,
  ];
  return `## One placement decision

Written by \`npm run bench -- decision\` on ${date}: ${describeMachine()}; ${load}.
${workers} workers that all run a prompt and have one more, ${tasks} tasks of 40 clients and two priorities waiting in ${lanes} lanes.
From the slot that becomes free, or the task that comes in, until every start it makes possible is decided, explained and recorded;
through the product's queue and placement, after a warm-up.

${formatTargets(listDecisionTargets(measured))}

${formatTable(
  ['µs', 'decisions', 'p50', 'p90', 'p99', 'max'],
  [row('a slot became free', freedSlot), row('a task came in', newTask)],
)}`;
}
