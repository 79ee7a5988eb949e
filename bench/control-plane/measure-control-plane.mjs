import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openServer } from '../fleet.mjs';
import { toPercentiles } from '../statistics.mjs';
import { sampleProcess } from './sample-process.mjs';
import { listRareCheckpoints, startStandIns } from './stand-ins.mjs';
import { post, submitWaiting } from './waiting-tasks.mjs';

/** @typedef {import('../fleet.mjs').Server} Server */
/** @typedef {import('../statistics.mjs').Percentiles} Percentiles */
/** @typedef {import('./sample-process.mjs').ProcessLoad} ProcessLoad */
/** @typedef {{ workers: number, tasks: number, lanes: number, seconds: number, settleMs?: number, nodeFlags?: readonly string[], print: (line: string) => void }} ControlPlaneOptions */
/**
 * @typedef {object} ControlPlane
 * @property {number} workers
 * @property {number} tasks
 * @property {number} lanes
 * @property {number} connectedMs from the start until every worker has its socket and its inventory is read
 * @property {ProcessLoad} empty connected, nothing waiting
 * @property {number[]} acceptMs each batch of 10,000, in order
 * @property {ProcessLoad} idle connected, everything waiting
 * @property {Percentiles} health GET /api/health during that time
 * @property {number} restartMs from the start until it responds with every task in its queue
 * @property {number} reconnectedMs from the same start until every worker is back
 * @property {ProcessLoad} restarted connected, everything waiting, nothing accepted since the start
 */

const READY_WAIT_MS = 600_000;
const POLL_MS = 500;
const HEALTH_EVERY_MS = 250;
/** After a burst of work, before a load counts as idle. */
const SETTLE_MS = 15_000;

/**
 * One real server with default settings over many stand-ins, with many tasks that no free worker can run.
 * @param {ControlPlaneOptions} options @returns {Promise<ControlPlane>}
 */
export async function measureControlPlane(options) {
  const { workers, tasks, lanes, print } = options;
  const checkpoints = listRareCheckpoints(lanes);
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-control-plane-'));
  const standIns = await startStandIns({ workers, rareCheckpoints: checkpoints });
  try {
    const setup = {
      folder,
      workers: standIns.urls.map((url) => ({ url })),
      nodeFlags: options.nodeFlags ?? [],
    };
    print(`${workers} workers connect …`);
    const first = await measureFirstRun(setup, { ...options, checkpoints });
    print(`restarting with ${tasks} tasks waiting …`);
    const second = await measureRestart(setup, options);
    return { workers, tasks, lanes, ...first, ...second };
  } finally {
    await standIns.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param {import('../fleet.mjs').ServerOptions} setup @param {ControlPlaneOptions & { checkpoints: readonly string[] }} options */
async function measureFirstRun(setup, { workers, tasks, checkpoints, seconds, settleMs, print }) {
  const start = performance.now();
  const server = await openServer(setup);
  try {
    const rareWorkerId = await waitUntilConnected(server, workers);
    const connectedMs = Math.round(performance.now() - start);
    await post(server, `/api/fleet/workers/${rareWorkerId}/maintenance`, {
      token: server.token,
      body: { on: true },
    });
    await settle(settleMs);
    print(`connected after ${connectedMs} ms; idle with nothing waiting …`);
    const empty = await sampleProcess(server.program.pid, { seconds });
    print(`submitting ${tasks} tasks …`);
    const { acceptMs } = await submitWaiting(server, { tasks, checkpoints });
    print(`accepted in batches: ${acceptMs.join(', ')} ms; idle with all of them waiting …`);
    await settle(settleMs);
    const [idle, health] = await Promise.all([
      sampleProcess(server.program.pid, { seconds }),
      askHealth(server, { seconds }),
    ]);
    return { connectedMs, empty, acceptMs, idle, health };
  } finally {
    await server.stop();
  }
}

/** @param {import('../fleet.mjs').ServerOptions} setup @param {ControlPlaneOptions} options */
async function measureRestart(setup, { workers, tasks, seconds, settleMs }) {
  const start = performance.now();
  const server = await openServer(setup);
  try {
    const { waiting } = (await loadHealth(server)).services.queue.details;
    const restartMs = Math.round(performance.now() - start);
    if (waiting !== tasks) throw new Error(`${waiting} tasks wait after the restart, not ${tasks}`);
    await waitUntilConnected(server, workers);
    const reconnectedMs = Math.round(performance.now() - start);
    await settle(settleMs);
    return { restartMs, reconnectedMs, restarted: await sampleProcess(server.program.pid, { seconds }) };
  } finally {
    await server.stop();
  }
}

/** Waits for every socket and inventory; returns the id of the newest worker. @param {Server} server @param {number} count */
async function waitUntilConnected({ url, token }, count) {
  const deadline = performance.now() + READY_WAIT_MS;
  let ready = 0;
  while (performance.now() < deadline) {
    const answer = await fetch(`${url}/api/fleet/workers`, { headers: { authorization: `Bearer ${token}` } });
    /** @type {{ workers: import('@comfleet/contract').Worker[] }} */
    const { workers } = await answer.json();
    ready = workers.filter(({ socket, comfyui_version }) => socket === 'connected' && comfyui_version).length;
    if (ready === count) return String(workers.at(-1)?.worker_id);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`${ready} of ${count} workers were connected after ${READY_WAIT_MS / 1000} s`);
}

/** @param {Server} server @param {{ seconds: number }} options @returns {Promise<Percentiles>} */
async function askHealth(server, { seconds }) {
  const start = performance.now();
  /** @type {number[]} */
  const times = [];
  while (performance.now() - start < seconds * 1000) {
    const before = performance.now();
    await loadHealth(server);
    times.push(performance.now() - before);
    await new Promise((resolve) => setTimeout(resolve, HEALTH_EVERY_MS));
  }
  return toPercentiles(times);
}

/** @param {Server} server */
async function loadHealth({ url }) {
  const answer = await fetch(`${url}/api/health`);
  return answer.json();
}

async function settle(ms = SETTLE_MS) {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
