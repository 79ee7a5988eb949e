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
      what: `${tasks} tasks with one of two workers killed and back, against the run without, worst of ${runs.length}`,
      reach: `≤ ${MAX_RATIO} ×`,
      measured: `${ratio} ×`,
      isReached: ratio <= MAX_RATIO,
    },
    {
      what: 'the tasks of the dead worker have begun elsewhere, worst',
      reach: `≤ ${MAX_MOVED_MS / 1000} s`,
      measured: `${movedMs / 1000} s`,
      isReached: movedMs <= MAX_MOVED_MS,
    },
    {
      what: 'workers taken out although they answered',
      reach: 'none',
      measured: String(ejected),
      isReached: ejected === 0,
    },
    {
      what: `after kill -9 of the server, until all of its workers took a prompt, worst of ${restarts.length}`,
      reach: `≤ ${MAX_TAKES_MS / 1000} s`,
      measured: `${takesMs / 1000} s`,
      isReached: takesMs <= MAX_TAKES_MS,
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
  return `## What faults cost

Written by \`npm run bench -- faults\` on ${date}: ${describeMachine()}; ${load}. The machine was shared with other work: a ratio is of two
runs one after the other, the load beside them is never the same.
${tasks} tasks of 0.3 s through two simulated workers, each run on a fresh server, without the fault and then with it: one worker is killed
(\`kill -9\`) and its process started again after 5 s; it is away until that answers, and half of that time is the least that it can
cost. Nothing is lost, each task ends once. Busy: two more programs keep both cores busy.

${formatTargets(listFaultTargets(measured))}

${formatTable(['run', 'busy', 'killed at, s', 'away, s', 'without, s', 'with, s', 'ratio', 'moved, s', 'ejected'], rows)}

The server killed with 100 tasks on the way, from the start of the next process until the last of its workers has taken a prompt, s, and
until the server answers and the processor time it had by then in brackets: ${starts.join(', ')}.${before === null ? '' : formatBefore(before)}`;
}

/** @param {import('./measure-faults.mjs').ServerFault} start */
function formatStart({ takesMs, answersMs, cpuMs }) {
  return `${takesMs / 1000} (${answersMs / 1000}, ${cpuMs / 1000})`;
}

/** @param {FaultsOfCommit} before */
function formatBefore({ commit, runs, restarts }) {
  const pairs = runs.map((run) => `${toRatio(run)} ×`);
  return `

The server of commit ${commit} over the same workers, at once after it: ${pairs.join(', ')}; killed, it took prompts after, s:
${restarts.map(formatStart).join(', ')}.`;
}
