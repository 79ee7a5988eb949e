import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startServer } from './fleet.mjs';
import { readCpuMs, startProgram } from './program.mjs';
import { round } from './statistics.mjs';

/**
 * @typedef {object} Throughput
 * @property {string} records database and durability
 * @property {number} tasks
 * @property {number} inFlight
 * @property {number} acceptedPerSecond
 * @property {number} storedPerSecond from submission to stored output
 * @property {{ server: number, serverMainThread: number, load: number, workers: number }} cpuMsPerTask
 */

const LOAD = join(import.meta.dirname, 'load.mjs');
/** Tasks run before the measurement: as many as measured, at most this many, so that every process runs compiled code. */
const WARM_UP = 1500;

/**
 * Runs durable tasks through a server of its own, from the first submission to the last stored output.
 * @param {{ records: string, folder: string, workers: readonly import('./fleet.mjs').Worker[], count: number, inFlight: number, durability?: 'power' | 'process', database?: object, nodeFlags?: readonly string[] }} options
 * @returns {Promise<Throughput>}
 */
export async function measureThroughput({ records, folder, workers, count, inFlight, ...setup }) {
  const dataDir = await mkdtemp(join(folder, 'throughput-'));
  const server = await startServer({ folder: dataDir, workers, ...setup });
  try {
    await runLoad(server, Math.min(WARM_UP, count), inFlight);
    const before = readAllCpu(server, workers);
    const { acceptedMs, storedMs, cpuMs } = await runLoad(server, count, inFlight);
    const after = readAllCpu(server, workers);
    const perTask = (/** @type {number} */ ms) => round(ms / count, 2);
    return {
      records,
      tasks: count,
      inFlight,
      acceptedPerSecond: Math.round((count / acceptedMs) * 1000),
      storedPerSecond: Math.round((count / storedMs) * 1000),
      cpuMsPerTask: {
        server: perTask(after.server - before.server),
        serverMainThread: perTask(after.mainThread - before.mainThread),
        load: perTask(cpuMs),
        workers: perTask(after.workers - before.workers),
      },
    };
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** @param {import('./fleet.mjs').Server} server @param {readonly import('./fleet.mjs').Worker[]} workers */
function readAllCpu({ program }, workers) {
  return {
    server: readCpuMs(program.pid),
    mainThread: readCpuMs(program.pid, { thread: 'main' }),
    workers: workers.reduce((sum, worker) => sum + readCpuMs(worker.program.pid), 0),
  };
}

/** @param {import('./fleet.mjs').Server} server @param {number} count @param {number} inFlight */
async function runLoad({ url, token }, count, inFlight) {
  const program = startProgram([LOAD, url, token, String(count), String(inFlight)]);
  /** @type {{ acceptedMs: number, storedMs: number, cpuMs: number }} */
  const result = JSON.parse(await program.waitForLine(/^result (.*)$/));
  await program.exited;
  return result;
}
