import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { demand, sendRequest } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SimulatorProcess } from './faults/simulator-process.ts';
import { HealthWatch } from './hostile/health-watch.ts';
import { HostileWorker } from './hostile/hostile-worker.ts';
import { CASES } from './hostile/tricks.ts';
import { type Address, ServerProcess } from './kill/server-process.ts';
import { picture } from './support/graphs.ts';

/*
 * What a broken or malicious worker, or a custom node on it, can send to block the server, or to fill its memory or database.
 * The server runs in its own process, and a thread polls its /healthz all the time.
 */

let folder: string;
let server: ServerProcess;
let worker: HostileWorker;
let calm: SimulatorProcess;
let address: Address;
let health: HealthWatch;
/** The control: a server that is not attacked, polled at the same time to see how slow the machine is. */
let control: HealthWatch;

const MEBIBYTE = 1024 * 1024;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-hostile-'));
  worker = await HostileWorker.start();
  calm = await SimulatorProcess.start(folder, 'calm');
  server = new ServerProcess(folder);
  const database = { driver: 'sqlite', file: join(folder, 'hostile.db') } as const;
  await server.configure(database, [worker.url], 'file', {
    nodes: { load_balancing: { max_retries: 0 } },
    limits: { result_bytes: 64 * MEBIBYTE, result_files: 50 },
  });
  await server.start(null);
  address = (await server.whenUp()).address;
  health = new HealthWatch(`${address.url}/healthz`);
  control = new HealthWatch(`${calm.url}/prompt`);
});
afterAll(async () => {
  process.stdout.write(
    `${[...figures].map(([name, figure]) => JSON.stringify({ name, ...figure })).join('\n')}\n`,
  );
  await health?.close();
  await control?.close();
  await server?.kill();
  await worker?.close();
  await calm?.kill();
  await rm(folder, { recursive: true, force: true });
});

const figures = new Map<string, object>();

/** Runs one task on the worker; returns its full record. */
async function runTask() {
  const { workers } = await demand(address, 'GET /api/fleet/workers');
  const { worker_id: id } = workers[0];
  await demand(address, `POST /api/fleet/workers/${id}/check`);
  // A worker without a readable inventory is tried anyway.
  await sendRequest(address, `POST /api/fleet/workers/${id}/inventory`);
  const body = { graph: picture() };
  const { task_id } = await demand(address, 'POST /api/v2/tasks', { status: 201, body });
  for (;;) {
    const task = await demand(address, `GET /api/v2/tasks/${task_id}`);
    if (task.status === 'succeeded' || task.status === 'failed') return task;
    await setTimeout(50);
  }
}

/** Size of the database and the log. */
async function countStoredBytes(): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('hostile.db'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  const log = await stat(join(server.dataDir, 'logs', 'system.log'));
  return sizes.reduce((sum, size) => sum + size, log.size);
}

/** Peak memory of the server since the last call. */
async function takePeakBytes(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  await writeFile(`/proc/${server.pid}/clear_refs`, '5');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

test.each(CASES)('$name neither blocks nor fills the server', async (trick) => {
  worker.trick = trick;
  const before = await countStoredBytes();
  await takePeakBytes();
  const { outcome: attacked, slowestMs: idleMs } = await control.during(() => health.during(runTask));
  const { error, status } = attacked.outcome;
  const figure = {
    'worst /healthz, ms': attacked.slowestMs,
    'control, ms': idleMs,
    'most memory, MiB': Math.round((await takePeakBytes()) / MEBIBYTE),
    'stored, kB': Math.round(((await countStoredBytes()) - before) / 1000),
    'task, kB': Math.round(JSON.stringify(attacked.outcome).length / 1000),
    end: error?.code ?? status,
  };
  figures.set(trick.name, figure);

  expect(figure.end).toBe(trick.code ?? 'succeeded');
  expect(attacked.slowestMs).toBeLessThanOrEqual(Math.max(200, 5 * idleMs));
  expect(figure['stored, kB']).toBeLessThan(2000);
  expect(figure['task, kB']).toBeLessThan(200);
});
