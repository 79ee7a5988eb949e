import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskDetail, TaskPage } from '@comfleet/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimulatorProcess } from './faults/simulator-process.ts';
import { readEvents } from './kill/read-events.ts';
import { ServerProcess } from './kill/server-process.ts';

/*
 * Paid nodes when processes die: the server at the worst places on the path of a task, and its worker. The ledger of the
 * simulated worker counts what a provider would bill.
 */

let folder: string;
let server: ServerProcess;
let worker: SimulatorProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-paid-'));
  worker = await SimulatorProcess.start(folder, 'w1');
  server = new ServerProcess(folder);
  const database = { driver: 'sqlite', file: join(folder, 'paid.db') } as const;
  await server.configure(database, [worker.url], 'file');
});
afterEach(async () => {
  await server.kill();
  await worker.kill();
  await rm(folder, { recursive: true, force: true });
});

const GRAPH = {
  '1': { class_type: 'OpenAIDalle3', inputs: { prompt: 'a cat' } },
  '2': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds: 2 } },
  '3': { class_type: 'SaveImage', inputs: { filename_prefix: 'paid', images: ['2', 0] } },
};

async function ask(method: string, path: string, body?: object): Promise<TaskDetail> {
  const { address } = await server.whenUp();
  const answer = await fetch(address.url + path, {
    method,
    headers: { authorization: `Bearer ${address.token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** The task after its first event, past or future, with which it satisfies the condition. */
async function whenTask(id: string, isReached: (task: TaskDetail) => boolean): Promise<TaskDetail> {
  const { address } = await server.whenUp();
  const { body } = await fetch(`${address.url}/api/v2/tasks/${id}/events`, {
    headers: { authorization: `Bearer ${address.token}`, 'last-event-id': '0' },
  });
  if (!body) throw new Error('no stream');
  for await (const _event of readEvents(body)) {
    const task = await ask('GET', `/api/v2/tasks/${id}`);
    if (isReached(task)) return task;
  }
  throw new Error(`the task ended otherwise: ${JSON.stringify(await ask('GET', `/api/v2/tasks/${id}`))}`);
}

const whenDone = (id: string) => whenTask(id, ({ status }) => status === 'succeeded');
const whenHeld = (id: string) => whenTask(id, ({ held_reason: reason }) => reason === 'needs_decision');

/** Starts the server to halt at this place, submits the task, and kills the server when it halts. */
async function killAt(place: string): Promise<void> {
  // A millisecond lets the POST go out; right after the claim it would reach the next place.
  const delayMs = place === 'post_handed_over' ? 1 : 0;
  await server.start({ place, count: 1, delayMs, when: 'start', minOpen: 0 });
  // The response may be lost with the server.
  ask('POST', '/api/v2/tasks', { graph: GRAPH }).catch(() => undefined);
  await server.waitForHalt(1);
  await server.kill();
}

/** Starts it again on the same data; returns the id of its task. */
async function startAgain(): Promise<string> {
  await server.start(null);
  const { address } = await server.whenUp();
  const answer = await fetch(`${address.url}/api/v2/tasks`, {
    headers: { authorization: `Bearer ${address.token}` },
  });
  const page: TaskPage = await answer.json();
  return page.tasks[0]?.task_id ?? 'none';
}

const countBills = (id: string) => worker.ledger.list('paid', id).length;

describe('TD16 kill -9 around a task with paid nodes', () => {
  test('a server killed before it sent the task sends it once, without asking', async () => {
    await killAt('after_claim');
    const id = await startAgain();

    expect(await whenDone(id)).toMatchObject({ attempt_count: 1, paid: true });
    expect(countBills(id)).toBe(1);
  });

  test.each(['post_handed_over', 'running', 'before_download'] as const)(
    'a server killed at %s finds the prompt again: one bill, no question',
    async (place) => {
      await killAt(place);
      const id = await startAgain();

      expect(await whenDone(id)).toMatchObject({ attempt_count: 1 });
      expect(countBills(id)).toBe(1);
    },
  );

  test('server and worker killed together after the POST: one bill, and the user is asked', async () => {
    await killAt('running');
    await worker.kill();
    worker = await worker.again();
    const id = await startAgain();
    const held = await whenHeld(id);

    expect(held).toMatchObject({ status: 'held', attempt_count: 1, error: { code: 'PROMPT_LOST' } });
    expect(countBills(id)).toBe(1);
    await ask('POST', `/api/fleet/tasks/${id}/decide`, { decision: 'run_again' });
    expect(await whenDone(id)).toMatchObject({ attempt_count: 2 });
    expect(countBills(id)).toBe(2);
  });

  test('a pending decision survives the server; giving up fails the task with the cause', async () => {
    await server.start(null);
    const { task_id: id } = await ask('POST', '/api/v2/tasks', { graph: GRAPH });
    await worker.ledger.waitFor((line) => line.event === 'paid' && line.task === id);
    await worker.kill();
    worker = await worker.again();
    await whenHeld(id);
    await server.kill();
    await server.start(null);
    const held = await ask('GET', `/api/v2/tasks/${id}`);
    const given = await ask('POST', `/api/fleet/tasks/${id}/decide`, { decision: 'give_up' });

    expect(held).toMatchObject({ status: 'held', held_reason: 'needs_decision' });
    expect(given).toMatchObject({ status: 'failed', attempt_count: 1, error: held.error });
    expect(countBills(id)).toBe(1);
  });
});
