import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demand } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TEST_WORKFLOWS } from '../packages/server/test/kit/flow-workflows.ts';
import { SimulatorProcess } from './faults/simulator-process.ts';
import { ATTACKS, type Attack } from './hostile/attacks.ts';
import { HealthWatch } from './hostile/health-watch.ts';
import { ThreadWatch } from './hostile/thread-watch.ts';
import { type Address, ServerProcess } from './kill/server-process.ts';

/*
 * What one person with a token can send to hold the server for everybody else. The server is a process of its own, and a thread
 * asks its /healthz all the while. Of the same list: kill -9 is kill-server.test.ts, a full and a damaged disk are
 * storage.test.ts, odd requests of all kinds are odd-requests.test.ts, and odd files odd-files.test.ts.
 */

/** An answer of /healthz may take this long, or five times as long as one of a program that nobody attacks, on a slow day. */
const ANSWER_MS = 200;
const SLOW_DAY = 5;
/** Where other programs take the processor the answer waits for them: then no piece of work may take more of its time than this. */
const HELD_MS = 100;

let folder: string;
let server: ServerProcess;
let worker: SimulatorProcess;
let address: Address;
let health: HealthWatch;
/** A server that nobody attacks, asked beside it: it tells how slow the day is. */
let control: HealthWatch;
let thread: ThreadWatch;
const report: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-hostile-'));
  worker = await SimulatorProcess.start(folder, 'w1');
  thread = new ThreadWatch(folder);
  server = new ServerProcess(folder, thread.environment);
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
  const columns = 'answer, slowest /healthz, slowest elsewhere, longest piece of work';
  process.stdout.write(`attacks: ${columns}\n${report.join('\n')}\n`);
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
  const { name, times = 1, statuses = [413, 422] } = attack;
  const body = new TextEncoder().encode(attack.body());
  const all = () => Promise.all(Array.from({ length: times }, () => send(attack, body)));

  const { outcome: elsewhere, slowestMs: idleMs } = await control.during(() =>
    health.during(() => thread.during(all)),
  );
  const { slowestMs, outcome } = elsewhere;
  const { outcome: answers, heldMs } = outcome;

  const seen = [...new Set(answers.map(({ status, code }) => `${status} ${code ?? ''}`.trim()))].join(', ');
  report.push(`${name}: ${seen}, ${slowestMs} ms, ${idleMs} ms, ${heldMs ?? '?'} ms of processor time`);
  for (const { status, code } of answers) {
    expect(statuses).toContain(status);
    expect(code).toEqual(status === 201 ? null : expect.any(String));
  }
  const isQuick = slowestMs <= Math.max(ANSWER_MS, SLOW_DAY * idleMs);
  expect(isQuick || (heldMs !== null && heldMs <= HELD_MS), report.at(-1)).toBe(true);
});
