import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeTransport } from '@comfleet/comfyui/node';
import { openComfleetClient } from '../comfleet-client.mjs';
import { openServer, startServer, startWorkers } from '../fleet.mjs';
import { createGraph } from '../graph.mjs';
import { readCpuMs, startProgram } from '../program.mjs';
import { createRandom } from '../scheduling/seeded-random.mjs';

/** @typedef {import('../fleet.mjs').Server} Server */
/** @typedef {import('../fleet.mjs').Worker} Worker */
/** @typedef {{ runs: number, busyRuns: number, restarts: number, tasks: number, seed: number, checkout?: string | null, print: (line: string) => void }} FaultOptions `checkout`: another built checkout, whose server is measured instead */
/**
 * A pair of runs, without and with the fault.
 * @typedef {object} WorkerFault
 * @property {boolean} isBusy other programs kept both cores busy
 * @property {number} killedAtMs after the first submission
 * @property {number} calmMs the run without it
 * @property {number} faultMs the run with it
 * @property {number} downMs from the kill until the worker responds again
 * @property {number} movedMs from the kill until the last task of the dead worker started elsewhere
 * @property {number} moved number of those tasks
 * @property {number} ejected how often a worker was ejected although it responded
 */
/** @typedef {{ takesMs: number, answersMs: number, cpuMs: number }} ServerFault times from process start until the last worker accepted a prompt and until the server responds; processor time used by then */
/** @typedef {{ tasks: number, runs: WorkerFault[], restarts: ServerFault[] }} Faults */

const RUN_MS = 300;
const DOWN_MS = 5000;
const WORKERS = 2;
const POLL_MS = 50;
const BUSY_CORE = join(import.meta.dirname, 'busy-core.mjs');

/** The cost of a killed worker and of a killed server. @param {FaultOptions} options @returns {Promise<Faults>} */
export async function measureFaults({ runs, busyRuns, restarts, tasks, seed, checkout = null, print }) {
  const random = createRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-faults-'));
  try {
    const measured = [];
    for (let run = 0; run < runs + busyRuns; run += 1) {
      const isBusy = run >= runs;
      const killedAtMs = Math.round(random.between(0.1, 0.3) * tasks * (RUN_MS / WORKERS));
      const one = await withLoad(isBusy, () => measureWorkerFault({ folder, tasks, checkout, killedAtMs }));
      const ratio = (one.faultMs / one.calmMs).toFixed(2);
      print(
        `run ${run + 1}: ${one.calmMs} ms, with a kill ${one.faultMs} ms (${ratio}), moved in ${one.movedMs} ms`,
      );
      measured.push({ isBusy, killedAtMs, ...one });
    }
    const killed = [];
    for (let run = 0; run < restarts; run += 1) {
      const one = await measureServerFault({ folder, checkout });
      print(`server killed: all workers accepted prompts ${one.takesMs} ms after the restart`);
      killed.push(one);
    }
    return { tasks, runs: measured, restarts: killed };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @template T @param {boolean} isBusy @param {() => Promise<T>} measure @returns {Promise<T>} */
async function withLoad(isBusy, measure) {
  const load = Array.from({ length: isBusy ? 2 : 0 }, () => startProgram([BUSY_CORE]));
  try {
    return await measure();
  } finally {
    await Promise.all(load.map((program) => program.kill()));
  }
}

/** @param {{ folder: string, tasks: number, checkout: string | null, killedAtMs: number }} options */
async function measureWorkerFault(options) {
  const calm = await runOnce({ ...options, killedAtMs: null });
  const { ms: faultMs, downMs, moves, ejected } = await runOnce(options);
  const movedMs = Math.max(0, ...moves);
  return { calmMs: calm.ms, faultMs, downMs, movedMs, moved: moves.length, ejected: calm.ejected + ejected };
}

/** Submits all tasks at once to a fresh server with fresh workers. @param {{ folder: string, tasks: number, checkout: string | null, killedAtMs: number | null }} options */
async function runOnce({ folder, tasks, checkout, killedAtMs }) {
  const workers = await startWorkers(WORKERS, { nodeDelays: { EmptyImage: RUN_MS } });
  const dataDir = await mkdtemp(join(folder, 'server-'));
  const server = await startServer({ folder: dataDir, workers, checkout });
  const transport = createNodeTransport({ connections: tasks });
  const client = await openComfleetClient(server, transport);
  try {
    const start = performance.now();
    const all = Array.from({ length: tasks }, (_task, number) => client.run(createGraph(number)));
    const fault = killedAtMs === null ? null : killWorker(workers, killedAtMs);
    const done = await Promise.all(all);
    const ms = Math.round(performance.now() - start);
    const killed = await fault;
    const moves = killed === null ? [] : await loadMoves(server, done, killed.atMs);
    return { ms, downMs: killed?.downMs ?? 0, moves, ejected: await countEjections(server) };
  } finally {
    client.close();
    await transport.close();
    await server.stop();
    await Promise.all(workers.map(({ program }) => program.stop()));
  }
}

/** Kills the last worker and starts another on its port; returns the wall time of the kill and the downtime. @param {Worker[]} workers @param {number} atMs */
async function killWorker(workers, atMs) {
  const victim = workers.at(-1);
  if (!victim) throw new Error('there is no worker to kill');
  await pause(atMs);
  const killedMs = Date.now();
  await victim.program.kill();
  await pause(DOWN_MS);
  const port = Number(new URL(victim.url).port);
  const [back] = await startWorkers(1, { port, nodeDelays: { EmptyImage: RUN_MS } });
  if (back) workers[workers.length - 1] = back;
  return { atMs: killedMs, downMs: Date.now() - killedMs };
}

/** For each task that the kill interrupted: ms until it started on another worker. @param {Server} server @param {readonly { id: string }[]} done @param {number} killedMs */
async function loadMoves(server, done, killedMs) {
  const moves = [];
  for (const { id } of done) {
    /** @type {{ attempts: { started_at: string | null }[] }} */
    const { attempts } = await load(server, `/api/v2/tasks/${id}`);
    const next = attempts[1]?.started_at;
    if (next) moves.push(Date.parse(next) - killedMs);
  }
  return moves;
}

/** @param {Server} server */
async function countEjections(server) {
  /** @type {{ events: { type: string }[] }} */
  const { events } = await load(server, '/api/fleet/events?limit=500');
  return events.filter(({ type }) => type === 'worker.ejected').length;
}

/** @param {{ folder: string, checkout: string | null }} options @returns {Promise<ServerFault>} */
async function measureServerFault({ folder, checkout }) {
  const workers = await startWorkers(WORKERS, { nodeDelays: { EmptyImage: RUN_MS } });
  const dataDir = await mkdtemp(join(folder, 'server-'));
  const setup = { folder: dataDir, workers, checkout };
  const first = await startServer(setup);
  try {
    for (let number = 0; number < 100; number += 1) await submit(first, createGraph(number));
    await pause(RUN_MS * 3);
    await first.program.kill();
    const startMs = Date.now();
    const second = await openServer(setup);
    const answersMs = Date.now() - startMs;
    const cpuMs = readCpuMs(second.program.pid);
    try {
      return { takesMs: await waitForPrompts(workers, startMs), answersMs, cpuMs };
    } finally {
      await second.stop();
    }
  } finally {
    await first.stop();
    await Promise.all(workers.map(({ program }) => program.stop()));
  }
}

/** @param {readonly Worker[]} workers @param {number} sinceMs wall time */
async function waitForPrompts(workers, sinceMs) {
  const takes = await Promise.all(
    workers.map(async ({ controlUrl }) => {
      for (;;) {
        const text = await (await fetch(`${controlUrl}/ledger`)).text();
        const lines = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
        const taken = lines.find(
          ({ event, wall_ms: atMs }) => event === 'prompt_accepted' && atMs >= sinceMs,
        );
        if (taken) return taken.wall_ms - sinceMs;
        await pause(POLL_MS);
      }
    }),
  );
  return Math.round(Math.max(...takes));
}

/** @param {Server} server @param {object} graph */
async function submit({ url, token }, graph) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ graph });
  const answer = await fetch(`${url}/api/v2/tasks`, { method: 'POST', headers, body });
  if (answer.status !== 201) throw new Error(`POST answered ${answer.status}: ${await answer.text()}`);
}

/** @param {Server} server @param {string} path */
async function load({ url, token }, path) {
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
