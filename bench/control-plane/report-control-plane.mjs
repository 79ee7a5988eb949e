import { describeMachine, formatTable, formatTargets } from '../page.mjs';
import { toPercentiles } from '../statistics.mjs';

/** @typedef {import('./measure-control-plane.mjs').ControlPlane} ControlPlane */
/** @typedef {import('../page.mjs').Target} Target */

const GIB_IN_MIB = 1024;

/** @param {ControlPlane} measured @returns {Target[]} */
export function listControlPlaneTargets({ workers, tasks, idle, restarted }) {
  const what = `${workers} workers connected, ${tasks} waiting`;
  const busiest = Math.max(idle.cpuPercent, restarted.cpuPercent);
  const largest = Math.max(idle.maxRssMib, restarted.maxRssMib);
  return [
    {
      what: `${what}: resident memory`,
      target: '≤ 1 GiB',
      measured: `${idle.maxRssMib} MiB after accepting them, ${restarted.maxRssMib} MiB after a restart`,
      isMet: largest <= GIB_IN_MIB,
    },
    {
      what: `${what}: processor time when idle`,
      target: '≤ 30 % of one core',
      measured: `${idle.cpuPercent} %, ${restarted.cpuPercent} % after a restart`,
      isMet: busiest <= 30,
    },
  ];
}

/** The section of the page. @param {ControlPlane} measured @param {{ date: string, load: string }} circumstances */
export function formatControlPlane(measured, { date, load }) {
  const { workers, tasks, lanes, empty, idle, restarted, health } = measured;
  const accepted = toPercentiles(measured.acceptMs);
  const row = (/** @type {string} */ what, /** @type {ControlPlane['idle']} */ seen) => [
    what,
    seen.meanRssMib,
    seen.maxRssMib,
    seen.cpuPercent,
    seen.mainThreadPercent,
  ];
  return `## Control plane with many workers

Written by \`npm run bench -- control-plane\` on ${date}: ${describeMachine()}; ${load}.
One server with default settings and SQLite; ${workers} stand-ins for ComfyUI in five other processes, each with its own HTTP
server and socket and an object_info as large as that of a plain ComfyUI (533 kB), of 9 installations. ${tasks} tasks of 10
clients wait in ${lanes} lanes whose only worker is in maintenance. Sampled every second for ${idle.seconds} s.

${formatTargets(listControlPlaneTargets(measured))}

${formatTable(
  ['state', 'mean MiB', 'max MiB', '% of one core', 'its main thread'],
  [
    row('connected, nothing waiting', empty),
    row('connected, all accepted and waiting', idle),
    row('restarted, all waiting', restarted),
  ],
)}

${formatTable(
  ['what', 'ms'],
  [
    ['from the start until every worker is connected and its inventory is read', measured.connectedMs],
    ['a batch of 10,000 accepted, median', accepted.p50],
    ['a batch of 10,000 accepted, slowest', accepted.max],
    [`a start with ${tasks} waiting, until it responds with all of them queued`, measured.restartMs],
    ['the same start, until every worker is back', measured.reconnectedMs],
    ['GET /api/health at the same time, p50', health.p50],
    ['GET /api/health at the same time, p99', health.p99],
  ],
)}`;
}
