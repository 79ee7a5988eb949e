import { join } from 'node:path';
import type { FaultSpec } from '@comfleet/simulator';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, samplerGraph, sleepGraph } from './kit/flow-rig.ts';

describe('with two workers', () => {
  let rig: FlowRig;
  beforeAll(async () => {
    rig = await FlowRig.open({ simulators: [{}, {}] });
  });
  afterAll(() => rig.close());
  afterEach(() => {
    for (const simulator of rig.simulators) simulator.control.clear();
  });

  const setEverywhere = (fault: FaultSpec) => {
    for (const simulator of rig.simulators) simulator.control.set(fault);
  };

  it('TQ8 an attempt out of memory is kept with error, worker and time, and the next one runs elsewhere', async () => {
    setEverywhere({ name: 'out_of_memory', class: 'KSampler' });
    const task = await rig.run(samplerGraph(2));
    for (const simulator of rig.simulators) simulator.control.clear();

    expect(task).toMatchObject({ status: 'succeeded' });
    expect(task.attempts[0]).toMatchObject({ number: 1, ending: 'failed', error: { code: 'OUT_OF_MEMORY' } });
    expect(task.attempts[0]?.ended_at).not.toBeNull();
    expect(task.attempts[1]?.worker_id).not.toBe(task.attempts[0]?.worker_id);
  });

  it('TQ8 every attempt is listed with worker, prompt id, ending and timings', async () => {
    setEverywhere({ name: 'out_of_memory', class: 'KSampler' });
    const task = await rig.run(samplerGraph(2));
    for (const simulator of rig.simulators) simulator.control.clear();
    const { status, json } = await rig.ask('GET', `/api/fleet/tasks/${task.task_id}/attempts`);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
    const timings = { created_at: time, submitted_at: time, started_at: time, ended_at: time };

    expect(status).toBe(200);
    expect(json.attempts.map(({ number }: { number: number }) => number)).toEqual(
      Array.from({ length: task.attempt_count }, (_, index) => index + 1),
    );
    expect(json.attempts[0]).toMatchObject({
      worker_name: expect.stringMatching(/^gpu-/),
      ending: 'failed',
      error: { code: 'OUT_OF_MEMORY' },
      ...timings,
    });
    expect(json.attempts.at(-1)).toMatchObject({
      prompt_id: task.prompt_id,
      ending: 'succeeded',
      ...timings,
    });
  });

  it('TQ8 attempts are limited and the task then says so, with the last error', async () => {
    setEverywhere({ name: 'out_of_memory', class: 'KSampler', times: 'until_cleared' });
    const task = await rig.run(samplerGraph(2), { max_attempts: 2 });

    expect(task).toMatchObject({ status: 'failed', error: { code: 'ATTEMPTS_EXHAUSTED' } });
    expect(task.error?.details).toMatchObject({ attempts: 2, last_error: { code: 'OUT_OF_MEMORY' } });
    expect(task.attempts).toHaveLength(2);
  });

  it('D4 a task leaves a worker whose disk is full for another one', async () => {
    rig.simulator.control.set({ name: 'disk_full', times: 'until_cleared' });
    const task = await rig.run(pictureGraph());

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2 });
    expect(task.attempts[0]).toMatchObject({ worker_name: 'gpu-1', error: { code: 'WORKER_DISK_FULL' } });
    expect(task.attempts[1]).toMatchObject({ worker_name: 'gpu-2', ending: 'succeeded' });
  });

  it('TQ9 a prompt that a user interrupted runs again elsewhere', async () => {
    const id = await rig.submit(sleepGraph(0.5));
    await rig.happened(id, 'attempt.started');
    for (const simulator of rig.simulators) simulator.control.set({ name: 'interrupt_all' });
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2 });
    expect(task.attempts[0]).toMatchObject({ ending: 'interrupted', error: { code: 'PROMPT_INTERRUPTED' } });
    expect(task.attempts[1]?.worker_id).not.toBe(task.attempts[0]?.worker_id);
  });

  it('WF22 a prompt that one worker refuses runs on the other', async () => {
    rig.simulator.control.set({ name: 'validation_error', kind: 'missing_model', times: 'until_cleared' });
    const task = await rig.run(pictureGraph());

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2 });
    expect(task.attempts[0]).toMatchObject({ ending: 'refused', error: { code: 'PROMPT_REFUSED' } });
    expect(task.attempts[1]?.worker_id).not.toBe(task.attempts[0]?.worker_id);
  });

  it('TQ9 a prompt that every worker refuses is sent to each of them once', async () => {
    setEverywhere({ name: 'validation_error', kind: 'missing_model', times: 'until_cleared' });
    const task = await rig.run(pictureGraph(), { max_attempts: 9 });

    expect(task).toMatchObject({ status: 'failed', attempt_count: 2, error: { code: 'PROMPT_REFUSED' } });
  });
});

describe('with one worker', () => {
  let rig: FlowRig;
  beforeAll(async () => {
    rig = await FlowRig.open();
  });
  afterAll(() => rig.close());
  afterEach(() => rig.simulator.control.clear());

  it('TQ9 a fault of the graph fails the task at once, with node, class, message and no path of the worker', async () => {
    rig.simulator.control.set({
      name: 'node_error',
      class: 'SaveImage',
      exception_type: 'ValueError',
      message: 'bad value',
    });
    const task = await rig.run(pictureGraph());

    expect(task).toMatchObject({
      status: 'failed',
      attempt_count: 1,
      error: { code: 'NODE_EXECUTION_ERROR', details: { node_id: '2', class_type: 'SaveImage' } },
    });
    expect(JSON.stringify(task.error)).not.toMatch(/File \\"\//);
  });

  it('CD14 an error frame ends the task without waiting for a poll', async () => {
    rig.simulator.control.set({ name: 'node_error', class: 'SaveImage', message: 'no' });
    const id = await rig.submit(pictureGraph());
    const end = await rig.ledger(id, 'execution_end');
    const task = await rig.ended(id);

    expect(Date.parse(task.completed_at ?? '') - end.wall_ms).toBeLessThan(500);
  });

  it('WF22 a refused prompt fails with the node errors of the worker and is not sent there again', async () => {
    rig.simulator.control.set({ name: 'validation_error', kind: 'missing_model', times: 'until_cleared' });
    const task = await rig.run(samplerGraph(2));

    expect(task).toMatchObject({ status: 'failed', attempt_count: 1, error: { code: 'PROMPT_REFUSED' } });
    expect(JSON.stringify(task.error?.details)).toContain('value_not_in_list');
    expect(rig.simulator.ledger.lines().filter((line) => line.event === 'prompt_refused')).toHaveLength(1);
  });

  it('WF22 a graph that no worker can run is refused before it is a task, per node and input', async () => {
    const graph = { '1': { class_type: 'NoSuchNode', inputs: {} } };

    await expect(rig.submit(graph)).rejects.toMatchObject({ code: 'INVALID_WORKFLOW' });
    await expect(rig.submit(graph)).rejects.toMatchObject({ details: { node_errors: { '1': {} } } });
  });

  it('A6 a worker that restarted and forgot runs the task again, and says so', async () => {
    const id = await rig.submit(sleepGraph(0.5));
    await rig.happened(id, 'attempt.started');
    rig.simulator.control.set({ name: 'restart', down_ms: 200 });
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2 });
    expect(task.attempts[0]).toMatchObject({ ending: 'lost', error: { code: 'PROMPT_LOST' } });
  });

  it('CD11 a prompt that a user deleted is found lost and runs again', async () => {
    const busy = await rig.submit(sleepGraph(1));
    await rig.ledger(busy, 'execution_start');
    const id = await rig.submit(pictureGraph());
    await rig.ledger(id, 'prompt_accepted');
    rig.simulator.control.set({ name: 'clear_queue' });
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2 });
    expect(task.attempts[0]).toMatchObject({ ending: 'lost', error: { code: 'REMOVED_ON_WORKER' } });
    expect(await rig.ended(busy)).toMatchObject({ status: 'succeeded', attempt_count: 1 });
  });
});

it('a result that the database refuses ends its task, which is not left running', async () => {
  const rig = await FlowRig.open();
  // The server may be writing at this moment.
  const sqlite = new DatabaseSync(join(rig.folder, 'comfleet.db'), { timeout: 5000 });
  sqlite.exec("create trigger no_results before insert on asset begin select raise(abort, 'refused'); end");
  sqlite.close();
  const task = await rig.run(pictureGraph(), { max_attempts: 1 });

  expect(task).toMatchObject({ status: 'failed', error: { code: 'INTERNAL' } });
  expect(task.error?.details).toEqual({ reason: 'result_not_stored' });
  expect(rig.simulator.ledger.lines().filter((line) => line.event === 'execution_end')).toHaveLength(1);
  await rig.close();
});

it('P9 a task that kills two workers is poison: it fails, and the third worker lives', async () => {
  const rig = await FlowRig.open({
    simulators: [{}, {}, {}],
    config: { nodes: { health_check: { interval: 0.3, retry_attempts: 2 } } },
  });
  const id = await rig.submit(samplerGraph(50), { max_attempts: 9 });
  for (const simulator of rig.simulators)
    simulator.control.set({ name: 'crash', moment: 'during_progress', exit_code: 139 });
  const task = await rig.ended(id);

  expect(task).toMatchObject({ status: 'failed', error: { code: 'POISON_TASK' } });
  expect(task.attempts).toHaveLength(2);
  expect(rig.app.fleet.list().filter((worker) => worker.state === 'online')).toHaveLength(1);
  await rig.close();
});
