import { cpus } from 'node:os';
import { describeMachine, formatTable, formatTargets } from './page.mjs';
import { round } from './statistics.mjs';

/** @typedef {import('./measure.mjs').Numbers} Numbers */
/** @typedef {import('./latency.mjs').Latency} Latency */
/** @typedef {import('./statistics.mjs').Percentiles} Percentiles */
/** @typedef {import('./page.mjs').Target} Target */
/** @typedef {{ date: string, loadBefore: number, loadAfter: number }} Circumstances */

/** The overhead of Comfleet per task: the difference of the two sides' percentiles. @param {Latency} latency */
export function computeAdded({ direct, comfleet }) {
  return {
    p50: round(comfleet.total.p50 - direct.total.p50),
    p99: round(comfleet.total.p99 - direct.total.p99),
  };
}

/** The targets, each with what was measured. @param {Numbers} numbers @returns {Target[]} */
export function listTargets({ latency, throughput }) {
  const added = latency.map((one) => {
    const { p50, p99 } = computeAdded(one);
    return {
      what: `time Comfleet adds to a task, ${one.inFlight} in flight`,
      target: 'p50 ≤ 10 ms, p99 ≤ 50 ms',
      measured: `p50 ${p50} ms, p99 ${p99} ms`,
      isMet: p50 <= 10 && p99 <= 50,
    };
  });
  const readable = latency.map(({ inFlight, comfleet }) => ({
    what: `from ComfyUI's end to a readable result, ${inFlight} in flight`,
    target: 'p99 ≤ 100 ms',
    measured: `p50 ${comfleet.endToReadable.p50} ms, p99 ${comfleet.endToReadable.p99} ms`,
    isMet: comfleet.endToReadable.p99 <= 100,
  }));
  const through = throughput.map(({ records, storedPerSecond }) => {
    const target = records.startsWith('SQLite') ? 500 : 250;
    return {
      what: `durable tasks through 8 workers, ${records}`,
      target: `≥ ${target} per second`,
      measured: `${storedPerSecond} per second`,
      isMet: storedPerSecond >= target,
    };
  });
  return [...added, ...readable, ...through];
}

/** The whole page. @param {Numbers} numbers @param {Circumstances} circumstances */
export function formatReport(numbers, circumstances) {
  const parts = [
    formatHead(circumstances),
    formatTargets(listTargets(numbers)),
    formatWhy(numbers),
    '## Times',
    'Milliseconds. Direct runs and runs through Comfleet alternated; only one side ran at a time.',
    formatTimes(numbers),
    '## Throughput and processor time',
    formatThroughput(numbers),
    '## Disk and database',
    'One thread of the pool, or one writer, with durable commits; group commit takes effect from 8 in flight.',
    formatTable(
      ['what', 'in flight', 'per second', 'p50 ms', 'p99 ms'],
      numbers.disk.map((row) => [row.what, row.inFlight, row.perSecond, row.p50Ms, row.p99Ms]),
    ),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** @param {Circumstances} circumstances */
function formatHead({ date, loadBefore, loadAfter }) {
  return `# Numbers

Written by \`npm run bench\` on ${date}: ${describeMachine()}.
Client, server, load generator and 8 simulated workers (each in its own process; one 64 × 64 picture, no model, no delay) share
these cores with other programs: load average ${round(loadBefore)} before the run, ${round(loadAfter)} after it. Compare figures only within
one run; a quiet machine gives better ones.`;
}

/** Explains the figures, as far as the run itself can. @param {Numbers} numbers */
function formatWhy({ latency, throughput, leftOut }) {
  const [first] = throughput;
  const lines = leftOut.map((reason) => `Not measured: ${reason}.`);
  const many = latency.find(({ inFlight }) => inFlight > 1);
  if (many) {
    lines.push(
      `With ${many.inFlight} in flight the cores are always busy, so most of a task's time is spent waiting for a core: ` +
        `directly, a task then takes ${many.direct.total.p50} ms, alone ${latency[0]?.direct.total.p50} ms.`,
    );
  }
  if (first) {
    const { server, load, workers } = first.cpuMsPerTask;
    const sum = server + load + workers;
    const bound = Math.floor((cpus().length * 1000) / sum);
    lines.push(
      `What limits the throughput: a task costs ${round(sum, 2)} ms of processor time across all processes (server ${server}, ` +
        `workers ${workers}, load generator ${load}), so these ${cpus().length} cores could run ${bound} tasks per second with nothing ` +
        `else running on them; the rest is waiting for the disk and for other programs.`,
    );
  }
  return lines.join('\n\n');
}

/** @param {Numbers} numbers */
function formatTimes({ latency }) {
  /** @param {string} what @param {number} inFlight @param {Percentiles} times */
  const row = (what, inFlight, times) => [
    what,
    inFlight,
    times.count,
    times.p50,
    times.p90,
    times.p99,
    times.max,
  ];
  const rows = latency.flatMap(({ inFlight, direct, comfleet }) => [
    row('POST → bytes, directly', inFlight, direct.total),
    row('POST → bytes, through Comfleet', inFlight, comfleet.total),
    row("ComfyUI's end → bytes, directly", inFlight, direct.endToReadable),
    row("ComfyUI's end → bytes, through Comfleet", inFlight, comfleet.endToReadable),
  ]);
  return formatTable(['what', 'in flight', 'tasks', 'p50', 'p90', 'p99', 'max'], rows);
}

/** @param {Numbers} numbers */
function formatThroughput({ throughput }) {
  const [first] = throughput;
  const counts = first ? `${first.tasks} tasks, ${first.inFlight} submissions in flight; ` : '';
  const caption = `${counts}from the first submission to the last stored output. Processor time per task in ms.`;
  const rows = throughput.map(({ records, acceptedPerSecond, storedPerSecond, cpuMsPerTask: cpu }) => [
    records,
    acceptedPerSecond,
    storedPerSecond,
    cpu.server,
    cpu.serverMainThread,
    cpu.workers,
    cpu.load,
  ]);
  const head = [
    'database',
    'accepted/s',
    'stored/s',
    'server',
    'its main thread',
    '8 workers',
    'load generator',
  ];
  return `${caption}\n\n${formatTable(head, rows)}`;
}
