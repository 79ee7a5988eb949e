import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demand, type Json } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TEST_WORKFLOWS } from '../packages/server/test/kit/flow-workflows.ts';
import { SimulatorProcess } from './faults/simulator-process.ts';
import { ATTACKS, type Attack } from './hostile/attacks.ts';
import { HealthWatch } from './hostile/health-watch.ts';
import { ThreadWatch } from './hostile/thread-watch.ts';
import { type Address, ServerProcess } from './kill/server-process.ts';

/*
 * What a user with a token can send to block the server for everyone else. The server runs in its own process, and a thread
 * polls its /healthz all the time. Related: kill-server.test.ts (kill -9), storage.test.ts (full and damaged disks),
 * odd-requests.test.ts and odd-files.test.ts.
 */

/** Limit for a response of /healthz; on a slow machine five times that of the control server. */
const ANSWER_MS = 200;
const SLOW_DAY = 5;
/** When other programs use the processor, responses wait for them: then this limits the processor time of one piece of work. */
const HELD_MS = 100;

let folder: string;
let server: ServerProcess;
let worker: SimulatorProcess;
let address: Address;
let health: HealthWatch;
/** The control: a server that is not attacked, polled at the same time to see how slow the machine is. */
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

/** Does some work while both servers are polled; measures how long anything blocked the attacked one. */
async function measure<T>(
  name: string,
  work: () => Promise<T>,
  describe: (outcome: T) => string,
): Promise<T> {
  const { outcome: elsewhere, slowestMs: idleMs } = await control.during(() =>
    health.during(() => thread.during(work)),
  );
  const { slowestMs, outcome: watched } = elsewhere;
  const { outcome, heldMs } = watched;
  const held = `${slowestMs} ms, ${idleMs} ms, ${heldMs ?? '?'} ms of processor time`;
  report.push(`${name}: ${describe(outcome)}, ${held}`);
  const isQuick = slowestMs <= Math.max(ANSWER_MS, SLOW_DAY * idleMs);
  expect(isQuick || (heldMs !== null && heldMs <= HELD_MS), report.at(-1)).toBe(true);
  return outcome;
}

test.each(ATTACKS)('$name does not block the server', async (attack) => {
  const { name, times = 1, statuses = [413, 422] } = attack;
  const body = new TextEncoder().encode(attack.body());
  const all = () => Promise.all(Array.from({ length: times }, () => send(attack, body)));

  const seen = (answers: readonly Answered[]) =>
    [...new Set(answers.map(({ status, code }) => `${status} ${code ?? ''}`.trim()))].join(', ');
  for (const { status, code } of await measure(name, all, seen)) {
    expect(statuses).toContain(status);
    expect(code).toEqual(status === 201 ? null : expect.any(String));
  }
});

test('a large batch is read, watched and changed without blocking the server', async () => {
  const name = 'a batch of 2,000 running tasks with different texts';
  const submitted = await post('/api/v2/batches', ATTACKS.find((attack) => attack.name === name)?.body());
  const { batch_id: id }: Json = JSON.parse(await submitted.text());

  const readTasks = async () => {
    const { tasks } = await demand(address, `GET /api/v2/batches/${id}`);
    return tasks.length;
  };
  expect(await measure('reading a batch of 2,000', readTasks, String)).toBe(2000);
  expect(await measure('watching a batch of 2,000', () => countSnapshots(id, 2000), String)).toBe(2000);
  for (const change of ['pause', 'resume', 'cancel']) {
    const send = async () => (await post(`/api/v2/batches/${id}/${change}`)).status;
    expect(await measure(`${change} of a batch of 2,000`, send, String)).toBe(200);
  }
});

function post(path: string, body?: string): Promise<Response> {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  return fetch(address.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${address.token}`, ...type },
    ...(body !== undefined && { body }),
  });
}

/** Reads the stream of a batch until it has shown `enough` tasks, or ends. */
async function countSnapshots(id: string, enough: number): Promise<number> {
  const answer = await fetch(`${address.url}/api/v2/batches/${id}/events`, {
    headers: { authorization: `Bearer ${address.token}` },
  });
  const seen = new Set<string>();
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of answer.body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const shown = /^data: \{"kind":"snapshot","task":\{"task_id":"([^"]+)"/.exec(line)?.[1];
      if (shown !== undefined) seen.add(shown);
    }
    if (seen.size === enough) break;
  }
  return seen.size;
}
