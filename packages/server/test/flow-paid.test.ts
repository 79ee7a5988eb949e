import { join } from 'node:path';
import type { TaskDetail } from '@comfleet/contract';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { FlowRig, type RigOptions, UNKNOWN_FILE } from './kit/flow-rig.ts';

/** A worker is offline after two failed checks, which follow each other quickly. */
const QUICK_HEALTH = { nodes: { health_check: { interval: 0.3, retry_attempts: 2 } } };

let rig: FlowRig;
afterEach(() => rig.close());

async function open(options: RigOptions = {}): Promise<void> {
  rig = await FlowRig.open(options);
}

let prompts = 0;

/** A paid picture, a sleep, and a file. */
function paidGraph(seconds: number) {
  prompts += 1;
  return {
    '1': { class_type: 'OpenAIDalle3', inputs: { prompt: `a cat ${prompts}` } },
    '2': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds } },
    '3': { class_type: 'SaveImage', inputs: { filename_prefix: 'paid', images: ['2', 0] } },
  };
}

/** How often workers ran the task's paid node. */
function bills(id: string): number {
  return rig.simulators.flatMap((one) =>
    one.ledger.lines().filter((line) => line.event === 'paid' && line.task === id),
  ).length;
}

async function held(id: string): Promise<TaskDetail> {
  const watch = rig.watch(id);
  await watch.wait((frame) => 'task' in frame && frame.task?.held_reason === 'needs_decision');
  watch.stop();
  return rig.load(id);
}

/** Resolves when the task's paid node has run and the next node runs. */
async function whenPaid(id: string, worker = 0): Promise<void> {
  await rig.ledger(id, 'paid', worker);
  await rig.happened(id, 'attempt.started');
}

/** Changes a task to what a version without paid nodes would have stored. */
function forgetPaidClasses(id: string): void {
  const sqlite = new DatabaseSync(join(rig.folder, 'comfleet.db'));
  const forget = "update task set requirements = json_remove(requirements, '$.paidClasses') where id = ?";
  sqlite.prepare(forget).run(id);
  sqlite.close();
}

const decide = (id: string, decision: string) =>
  rig.ask('POST', `/api/fleet/tasks/${id}/decide`, { body: { decision } });

describe('a task with paid nodes whose worker dies under it', () => {
  it('TD16 runs once and is held for a decision; run_again runs it once more, elsewhere', async () => {
    await open({ simulators: [{}, {}], config: QUICK_HEALTH });
    const [first, second] = rig.app.fleet.list();
    await rig.app.fleet.override(second?.id ?? '', { maintenance: true });
    const id = await rig.submit(paidGraph(60));
    await whenPaid(id);
    await rig.app.fleet.override(second?.id ?? '', { maintenance: false });
    rig.simulator.control.set({ name: 'crash', exit_code: 139 });
    const task = await held(id);

    expect(task).toMatchObject({ status: 'held', paid: true, error: { code: 'WORKER_UNREACHABLE' } });
    expect(task.message).toContain('Waiting for a decision');
    expect(task.attempts.map(({ worker_name, ending }) => [worker_name, ending])).toEqual([
      [first?.name, 'lost'],
    ]);
    expect(bills(id)).toBe(1);

    await decide(id, 'run_again');
    await rig.ledger(id, 'paid', 1);
    expect(bills(id)).toBe(2);
    await rig.calls.tasks.cancel(rig.actor, id);
    await rig.ended(id);
  });

  it('TD16 give_up fails it with the cause, deletes its keys, and there is nothing more to decide', async () => {
    await open();
    const body = {
      graph: paidGraph(60),
      extra_data: { api_key_comfy_org: 'comfyui-secret' },
    };
    const { json: submitted } = await rig.ask('POST', '/api/v2/tasks', { body });
    const id: string = submitted.task_id;
    await whenPaid(id);
    rig.simulator.control.set({ name: 'restart', down_ms: 200 });
    await held(id);
    const listed = await rig.ask('GET', '/api/v2/tasks?held_reason=needs_decision');
    const why = await rig.ask('GET', `/api/fleet/tasks/${id}/placement`);
    const answers = await Promise.all([decide(id, 'give_up'), decide(id, 'give_up')]);
    const [given, late] = answers.sort((a, b) => a.status - b.status);
    const again = await decide(id, 'run_again');
    const events = await rig.calls.tasks.loadEvents(rig.actor, id as never, 0);

    expect(listed.json.tasks.map((task: { task_id: string }) => task.task_id)).toEqual([id]);
    expect(why.json.message).toContain('may have been paid for');
    expect(given).toMatchObject({ status: 200, json: { status: 'failed', error: { code: 'PROMPT_LOST' } } });
    const decided = { code: 'CONFLICT', details: { status: 'failed', held_reason: null } };
    expect(late).toMatchObject({ status: 409, json: { error: decided } });
    expect(again).toMatchObject({ status: 409, json: { error: decided } });
    expect(events.at(-1)).toMatchObject({
      type: 'task.failed',
      actor: rig.actor.id,
      details: { decision: 'give_up' },
    });
    expect(bills(id)).toBe(1);
  });

  it('TD16 its keys survive the wait: a run that a user allows has them', async () => {
    await open();
    const body = { graph: paidGraph(3), extra_data: { api_key_comfy_org: 'comfyui-secret' } };
    const { json: submitted } = await rig.ask('POST', '/api/v2/tasks', { body });
    const id: string = submitted.task_id;
    await whenPaid(id);
    rig.simulator.control.set({ name: 'restart', down_ms: 200 });
    await held(id);
    await rig.whenOnline();
    await decide(id, 'run_again');
    await rig.simulator.ledger.waitFor(
      (line) => line.event === 'paid' && line.task === id && bills(id) === 2,
    );
    const queue = await (await fetch(`${rig.simulator.url}/queue`)).text();

    expect(queue).toContain('comfyui-secret');
    expect((await rig.ended(id)).status).toBe('succeeded');
  });

  it('TD16 with its attempts used up it fails as any other, and is not asked about', async () => {
    await open();
    const id = await rig.submit(paidGraph(60), { max_attempts: 2 });
    await whenPaid(id);
    rig.simulator.control.set({ name: 'restart', down_ms: 200 });
    await held(id);
    await decide(id, 'run_again');
    await rig.simulator.ledger.waitFor(
      (line) => line.event === 'paid' && line.task === id && bills(id) === 2,
    );
    rig.simulator.control.set({ name: 'restart', down_ms: 200 });
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'failed', error: { code: 'ATTEMPTS_EXHAUSTED' } });
    expect(bills(id)).toBe(2);
  });

  it('TD16 is run again by itself where that is allowed', async () => {
    await open({ config: { comfyui: { paid_reruns: 'allow' } } });
    const id = await rig.submit(paidGraph(0.5));
    await whenPaid(id);
    rig.simulator.control.set({ name: 'restart', down_ms: 200 });
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, paid: true });
    expect(bills(id)).toBe(2);
  });
});

describe('a task with paid nodes', () => {
  it('TD16 is resumed by the next server while it runs, without a decision', async () => {
    await open();
    const id = await rig.submit(paidGraph(1));
    await whenPaid(id);
    await rig.stop();
    await rig.start();
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(bills(id)).toBe(1);
  });

  it('TD16 waits for a decision when its worker forgot it while the server was away', async () => {
    await open();
    const id = await rig.submit(paidGraph(60));
    await whenPaid(id);
    await rig.stop();
    rig.simulator.control.set({ name: 'restart', down_ms: 50 });
    await rig.simulator.ledger.waitFor((line) => line.event === 'started' && line.restarted === true);
    await rig.start();
    const task = await held(id);

    expect(task).toMatchObject({ error: { code: 'PROMPT_LOST' }, attempt_count: 1 });
    expect(bills(id)).toBe(1);
  });

  it('TD16 waits for a decision also when the server that sent it did not know that it costs money', async () => {
    await open();
    const id = await rig.submit(paidGraph(60));
    await whenPaid(id);
    await rig.stop();
    forgetPaidClasses(id);
    rig.simulator.control.set({ name: 'restart', down_ms: 50 });
    await rig.simulator.ledger.waitFor((line) => line.event === 'started' && line.restarted === true);
    await rig.start();
    const task = await held(id);

    expect(task).toMatchObject({ error: { code: 'PROMPT_LOST' }, paid: true });
    expect(bills(id)).toBe(1);
  });

  it('TD16 that one worker refused has not run: the other runs it without asking', async () => {
    await open({ simulators: [{}, {}] });
    rig.simulator.control.set({ name: 'validation_error', kind: 'missing_model', times: 'until_cleared' });
    const task = await rig.run(paidGraph(0));

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2 });
    expect(bills(task.task_id)).toBe(1);
  });

  it('TD16 of which the worker accepted a part, where all or nothing was wanted, is asked about', async () => {
    await open({ simulators: [{}, {}] });
    const graph = { ...paidGraph(0.5), ...UNKNOWN_FILE };
    const task = await held(await rig.submit(graph, { all_or_nothing: true }));

    expect(task.error).toMatchObject({ code: 'PROMPT_REFUSED', details: { partial: true } });
    expect(task.attempts).toHaveLength(1);
  });

  it('TD16 of whose files one is gone delivers the others, and is not asked about', async () => {
    await open();
    const graph = {
      '1': { class_type: 'OpenAIDalle3', inputs: { prompt: 'a cat seen twice' } },
      '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
      '3': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    };
    await rig.run(graph);
    rig.simulator.control.set({ name: 'view_gone' });
    const task = await rig.run(graph);

    expect(task).toMatchObject({ status: 'succeeded', paid: true, attempt_count: 1, results: [{}] });
    expect(task.warning_texts).toMatchObject([
      { code: 'warning.output', params: { reason: { code: 'output.refused', params: { status: 404 } } } },
    ]);
    expect(bills(task.task_id)).toBe(0);
  });

  it('TD16 is distinguished from one without, and from one whose paid node feeds nothing', async () => {
    await open();
    const graph = paidGraph(0);
    const idle = { ...graph, '2': { class_type: 'EmptyImage', inputs: { width: 8, height: 8 } } };
    const image = { ...idle['2'], inputs: { ...idle['2'].inputs, batch_size: 1, color: 0 } };
    const task = await rig.run({ ...idle, '2': image });

    expect(task).toMatchObject({ status: 'succeeded', paid: false });
    expect(bills(task.task_id)).toBe(0);
  });
});
