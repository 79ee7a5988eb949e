import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listDatabaseServers } from './databases.mjs';
import { startServer, startWorkers } from './fleet.mjs';
import { measureLatency } from './latency.mjs';
import { measureThroughput } from './throughput.mjs';

/** @typedef {import('./latency.mjs').Latency} Latency */
/** @typedef {import('./throughput.mjs').Throughput} Throughput */
/** @typedef {import('./fleet.mjs').Worker} Worker */
/** @typedef {{ what: string, inFlight: number, perSecond: number, p50Ms: number, p99Ms: number }} DiskRow */
/** @typedef {{ latency: Latency[], throughput: Throughput[], disk: DiskRow[], leftOut: string[] }} Numbers */
/** @typedef {{ quick: boolean, print: (line: string) => void }} MeasureOptions */

const WORKERS = 8;
const SIZES = {
  full: { latency: 1000, tasks: 3000, diskSeconds: '2' },
  quick: { latency: 100, tasks: 300, diskSeconds: '0.2' },
};
const TASKS_IN_FLIGHT = 64;

/**
 * Measures everything in one run; quick: a tenth of the counts and no database servers.
 * @param {MeasureOptions} options @returns {Promise<Numbers>}
 */
export async function measureAll({ quick, print }) {
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-bench-'));
  const size = quick ? SIZES.quick : SIZES.full;
  /** @type {readonly Worker[]} */
  let workers = [];
  try {
    print('disk and database …');
    const disk = await measureDisk(size.diskSeconds);
    workers = await startWorkers(WORKERS);
    const latency = await measureLatencies({ folder, workers, count: size.latency, print });
    const job = { folder, workers, count: size.tasks, inFlight: TASKS_IN_FLIGHT, print };
    const throughput = await measureSqlite(job);
    /** @type {string[]} */
    const leftOut = [];
    if (!quick) throughput.push(...(await measureServers(job, leftOut)));
    return { latency, throughput, disk, leftOut };
  } finally {
    await Promise.all(workers.map(({ program }) => program.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} seconds @returns {Promise<DiskRow[]>} */
async function measureDisk(seconds) {
  const spike = join(import.meta.dirname, 'database-spike.mjs');
  const args = [spike, '--json', '--only', 'disk,sqlite', '--seconds', seconds];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

/** @param {{ folder: string, workers: readonly Worker[], count: number, print: (line: string) => void }} options */
async function measureLatencies({ folder, workers, count, print }) {
  const dataDir = await mkdtemp(join(folder, 'latency-'));
  const server = await startServer({ folder: dataDir, workers });
  try {
    /** @type {Latency[]} */
    const latency = [];
    for (const inFlight of [1, 8]) {
      print(`overhead, ${inFlight} in flight …`);
      latency.push(await measureLatency({ server, workers, count, inFlight }));
    }
    return latency;
  } finally {
    await server.stop();
  }
}

/** @typedef {{ folder: string, workers: readonly Worker[], count: number, inFlight: number, print: (line: string) => void }} Job */

/** @param {Job} job */
async function measureSqlite({ print, ...job }) {
  /** @type {Throughput[]} */
  const throughput = [];
  for (const durability of /** @type {const} */ (['power', 'process'])) {
    print(`tasks per second, SQLite, durability ${durability} …`);
    const records = `SQLite, durability: ${durability}`;
    throughput.push(await measureThroughput({ ...job, records, durability }));
  }
  return throughput;
}

/** @param {Job} job @param {string[]} leftOut */
async function measureServers({ print, ...job }, leftOut) {
  /** @type {Throughput[]} */
  const throughput = [];
  for (const { name, open } of listDatabaseServers()) {
    let server;
    try {
      server = await open(job.folder);
    } catch (error) {
      leftOut.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    try {
      print(`tasks per second, ${name} …`);
      throughput.push(await measureThroughput({ ...job, records: name, database: server.config }));
    } finally {
      await server.stop();
    }
  }
  return throughput;
}
