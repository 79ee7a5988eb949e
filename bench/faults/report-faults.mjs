import { describeMachine, formatTable, formatTargets } from '../page.mjs';

/** @typedef {import('./measure-faults.mjs').Faults} Faults */
/** @typedef {Faults & { commit: string }} FaultsOfCommit the same for the server of another checkout */
/** @typedef {import('./measure-faults.mjs').WorkerFault} WorkerFault */
/** @typedef {import('../page.mjs').Target} Target */

const MAX_RATIO = 1.25;
const MAX_MOVED_MS = 2000;
const MAX_TAKES_MS = 3000;

/** @param {WorkerFault} run */
function toRatio({ calmMs, faultMs }) {
  return Number((faultMs / calmMs).toFixed(2));
}

/** @param {Faults} measured @returns {Target[]} */
export function listFaultTargets({ tasks, runs, restarts }) {
  const ratio = Math.max(...runs.map(toRatio));
  const movedMs = Math.max(...runs.map((run) => run.movedMs));
  const ejected = runs.reduce((sum, run) => sum + run.ejected, 0);
  const takesMs = Math.max(...restarts.map((one) => one.takesMs));
  return [
    {
      what: `${tasks} tasks with one of two workers killed and restarted, compared to the run without, worst of ${runs.length}`,
      target: `≤ ${MAX_RATIO} ×`,
      measured: `${ratio} ×`,
      isMet: ratio <= MAX_RATIO,
    },
    {
      what: 'until the tasks of the dead worker started elsewhere, worst',
      target: `≤ ${MAX_MOVED_MS / 1000} s`,
      measured: `${movedMs / 1000} s`,
      isMet: movedMs <= MAX_MOVED_MS,
    },
    {
      what: 'workers ejected although they responded',
      target: 'none',
      measured: String(ejected),
      isMet: ejected === 0,
    },
    {
      what: `after kill -9 of the server, until all workers accepted a prompt, worst of ${restarts.length}`,
      target: `≤ ${MAX_TAKES_MS / 1000} s`,
      measured: `${takesMs / 1000} s`,
      isMet: takesMs <= MAX_TAKES_MS,
    },
  ];
}

/** The section of the page. @param {Faults & { before: FaultsOfCommit | null }} measured @param {{ date: string, load: string }} circumstances */
export function formatFaults(measured, { date, load }) {
  const { tasks, runs, restarts, before } = measured;
  const rows = runs.map((run, index) => [
    index + 1,
    run.isBusy ? 'yes' : 'no',
    run.killedAtMs / 1000,
    run.downMs / 1000,
    run.calmMs / 1000,
    run.faultMs / 1000,
    toRatio(run),
    `${run.moved} in ${run.movedMs / 1000}`,
    run.ejected,
  ]);
  const starts = restarts.map(formatStart);
  return `## Cost of faults

Written by \`npm run bench -- faults\` on ${date}: ${describeMachine()}; ${load}. The machine was shared with other work: a ratio compares
two consecutive runs, whose background load is never the same.
${tasks} tasks of 0.3 s on two simulated workers, each run with a fresh server, first without and then with the fault: one worker is killed
(\`kill -9\`) and started again after 5 s. It is away until it responds, and half of that time is the minimum cost. Nothing is lost, and
each task ends once. Busy: two other programs keep both cores busy.

${formatTargets(listFaultTargets(measured))}

${formatTable(['run', 'busy', 'killed at, s', 'away, s', 'without, s', 'with, s', 'ratio', 'moved, s', 'ejected'], rows)}

The server killed with 100 tasks in flight: seconds from the start of the next process until its last worker accepted a prompt, and, in
brackets, until the server responds and the processor time it used by then: ${starts.join(', ')}.${before === null ? '' : formatBefore(before)}`;
}

/** @param {import('./measure-faults.mjs').ServerFault} start */
function formatStart({ takesMs, answersMs, cpuMs }) {
  return `${takesMs / 1000} (${answersMs / 1000}, ${cpuMs / 1000})`;
}

/** @param {FaultsOfCommit} before */
function formatBefore({ commit, runs, restarts }) {
  const pairs = runs.map((run) => `${toRatio(run)} ×`);
  return `

The server of commit ${commit} over the same workers, directly afterwards: ${pairs.join(', ')}; after a kill its workers accepted prompts in, s:
${restarts.map(formatStart).join(', ')}.`;
}
