import { describeMachine, formatTable, formatTargets } from '../page.mjs';

/** @typedef {import('./measure-decision.mjs').DecisionTimes} DecisionTimes */
/** @typedef {import('../page.mjs').Target} Target */

/** @param {DecisionTimes} measured @returns {Target[]} */
export function listDecisionTargets({ freedSlot, newTask }) {
  const target = (/** @type {string} */ what, /** @type {DecisionTimes['newTask']} */ { p50, p99 }) => ({
    what,
    target: 'p50 ≤ 100 µs',
    measured: `p50 ${p50} µs, p99 ${p99} µs`,
    isMet: p50 <= 100,
  });
  return [
    target('one decision after a freed slot', freedSlot),
    target('one decision after a new task', newTask),
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
${workers} workers, each with a running prompt and a waiting one; ${tasks} tasks of 40 clients with two priorities wait in ${lanes} lanes.
From a freed slot, or a new task, until every start that it allows is decided, explained and recorded; with the product's queue
and placement, after a warm-up.

${formatTargets(listDecisionTargets(measured))}

${formatTable(
  ['µs', 'decisions', 'p50', 'p90', 'p99', 'max'],
  [row('freed slot', freedSlot), row('new task', newTask)],
)}`;
}
