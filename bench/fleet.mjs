import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from './program.mjs';

/** @typedef {import('./program.mjs').Program} Program */
/** @typedef {{ program: Program, url: string, controlUrl: string }} Worker */
/** @typedef {{ program: Program, url: string, token: string, stop: () => Promise<void> }} Server */

const WORKER = join(import.meta.dirname, 'worker.mjs');
const SERVER = join(import.meta.dirname, 'server.mjs');
const READY_WAIT_MS = 60_000;

/**
 * Starts simulated workers, each in its own process, on ports that the kernel chooses unless the options name one.
 * @param {number} count @param {import('@comfleet/simulator').SimulatorOptions} [options]
 */
export async function startWorkers(count, options = {}) {
  const programs = Array.from({ length: count }, () => startProgram([WORKER, JSON.stringify(options)]));
  try {
    return await Promise.all(programs.map(waitForWorker));
  } catch (error) {
    await Promise.all(programs.map((program) => program.stop()));
    throw error;
  }
}

/** @param {Program} program @returns {Promise<Worker>} */
async function waitForWorker(program) {
  const [url = '', controlUrl = ''] = (await program.waitForLine(/^worker (\S+ \S+)/)).split(' ');
  return { program, url, controlUrl };
}

/** @typedef {{ folder: string, workers: readonly { url: string }[], durability?: 'power' | 'process', database?: object, nodeFlags?: readonly string[], checkout?: string | null }} ServerOptions `checkout`: another built checkout, whose server is started instead */

/** Starts the server over these workers and waits until all of them are online. @param {ServerOptions} options @returns {Promise<Server>} */
export async function startServer(options) {
  const server = await openServer(options);
  try {
    await waitForWorkers(server, options.workers.length);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Starts the server over these workers; it responds, but they may not be online yet. @param {ServerOptions} options @returns {Promise<Server>} */
export async function openServer({
  folder,
  workers,
  durability = 'power',
  database,
  nodeFlags = [],
  checkout,
}) {
  const config = {
    server: { port: 0 },
    durability,
    workers: workers.map(({ url }) => ({ url })),
    ...(database && { database }),
  };
  const file = join(folder, 'comfleet.yaml');
  await writeFile(file, JSON.stringify(config));
  const program = startProgram([
    ...nodeFlags,
    checkout ? join(checkout, 'bench/server.mjs') : SERVER,
    folder,
    file,
  ]);
  try {
    const url = await program.waitForLine(/(http:\/\/127\.0\.0\.1:\d+)/);
    const credential = JSON.parse(await readFile(join(folder, 'credential.json'), 'utf8'));
    return { program, url, token: String(credential.token), stop: () => program.stop() };
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** @param {Server} server @param {number} count */
async function waitForWorkers({ url, token }, count) {
  const deadline = Date.now() + READY_WAIT_MS;
  while (Date.now() < deadline) {
    const answer = await fetch(`${url}/api/fleet/workers`, { headers: { authorization: `Bearer ${token}` } });
    const { workers } = await answer.json();
    const online = workers.filter((/** @type {{ state: string }} */ worker) => worker.state === 'online');
    if (online.length === count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`fewer than ${count} workers were online after ${READY_WAIT_MS / 1000} s`);
}

/**
 * When each prompt ended on its worker, in ms of the `process.hrtime` clock: by prompt id, and by task id for those that
 * Comfleet sent.
 * @param {readonly Worker[]} workers
 * @returns {Promise<Map<string, number>>}
 */
export async function loadEndTimes(workers) {
  /** @type {Map<string, number>} */
  const ends = new Map();
  for (const { controlUrl } of workers) {
    const answer = await fetch(`${controlUrl}/ledger`);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '');
    for (const line of lines) {
      const { event, monotonic_ns: ns, prompt_id: promptId, task } = JSON.parse(line);
      if (event !== 'execution_end') continue;
      for (const id of [promptId, task]) if (id) ends.set(id, Number(ns) / 1e6);
    }
  }
  return ends;
}
