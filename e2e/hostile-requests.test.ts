import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demand } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TEST_WORKFLOWS } from '../packages/server/test/kit/flow-workflows.ts';
import { SimulatorProcess } from './faults/simulator-process.ts';
import { ATTACKS, type Attack } from './hostile/attacks.ts';
import { HealthWatch } from './hostile/health-watch.ts';
import { type Address, ServerProcess } from './kill/server-process.ts';

/*
 * What one person with a token can send to hold the server for everybody else. The server is a process of its own, and a thread
 * asks its /healthz all the while.
 */

let folder: string;
let server: ServerProcess;
let worker: SimulatorProcess;
let address: Address;
let health: HealthWatch;
/** A server that nobody attacks, asked beside it: it tells how slow the day is. */
let control: HealthWatch;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-hostile-'));
  worker = await SimulatorProcess.start(folder, 'w1');
  server = new ServerProcess(folder);
  const database = { driver: 'sqlite', file: join(folder, 'hostile.db') } as const;
  await server.configure(database, [worker.url], 'file', { task_types: TEST_WORKFLOWS });
  await server.start(null);
  address = (await server.whenUp()).address;
  const { workers } = await demand(address, 'GET /api/fleet/workers');
  for (const { worker_id: id } of workers) await demand(address, `POST /api/fleet/workers/${id}/inventory`);
  health = new HealthWatch(`${address.url}/healthz`);
  control = new HealthWatch(`${worker.url}/prompt`);
});
afterAll(async () => {
  await health?.close();
  await control?.close();
  await server?.kill();
  await worker?.kill();
  await rm(folder, { recursive: true, force: true });
});

interface Answered {
  status: number;
  code: unknown;
}

async function send({ path, headers }: Attack, body: Uint8Array<ArrayBuffer>): Promise<Answered> {
  const answer = await fetch(address.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${address.token}`, ...headers },
    body,
  });
  const json = JSON.parse(await answer.text());
  return { status: answer.status, code: json.error?.code ?? null };
}

test.each(ATTACKS)('$name does not hold the server', async (attack) => {
  const body = new TextEncoder().encode(attack.body());
  const { outcome: attacked, slowestMs: idleMs } = await control.during(() =>
    health.during(() => send(attack, body)),
  );

  expect(attack.statuses ?? [413, 422]).toContain(attacked.outcome.status);
  expect(attacked.outcome.code).toEqual(expect.any(String));
  expect(attacked.slowestMs).toBeLessThanOrEqual(Math.max(200, 5 * idleMs));
});
