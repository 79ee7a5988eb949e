import type { Batch, BatchId, SubmitBatch, TaskId } from '@comfleet/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, sleepGraph } from './kit/flow-rig.ts';
import { TEST_MODEL, TEST_WORKFLOWS } from './kit/flow-workflows.ts';

let rig: FlowRig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());
afterEach(() => rig.simulator.control.clear());

const LARGEST_PICTURE = 50_000;
const openRig = () =>
  FlowRig.open({
    simulators: [{ models: [TEST_MODEL], stepMs: 1 }],
    config: { task_types: TEST_WORKFLOWS, limits: { upload_bytes: LARGEST_PICTURE } },
  });

const submit = async (body: SubmitBatch, graph: Record<string, unknown> | null = null): Promise<Batch> =>
  (await rig.calls.batches.submit(rig.actor, graph ? { ...body, graph } : body)).batch;

/** The tasks that have an attempt on a worker now. */
async function filterRunning(one: FlowRig, ids: readonly string[]): Promise<string[]> {
  const places = await Promise.all(ids.map((id) => one.app.engine.locate(id as TaskId)));
  return ids.filter((_, index) => places[index] !== null);
}

async function ended(one: FlowRig, { batch_id, task_ids }: Batch) {
  for (const id of task_ids) await one.ended(id as TaskId);
  return one.calls.batches.load(one.actor, batch_id as BatchId);
}

const change = (one: FlowRig, { batch_id }: Batch, what: 'pause' | 'resume' | 'cancel') =>
  one.calls.batches.change(one.actor, batch_id as BatchId, what);

it('watching a batch that is not there fails, as every other call for it', async () => {
  const unknown = '01890000-0000-7000-8000-000000000000' as BatchId;
  const frames = rig.calls.batches.watch(rig.actor, unknown, AbortSignal.timeout(10_000));
  await expect(frames[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'BATCH_NOT_FOUND' });
});

describe('batches', () => {
  it('BG1 M descriptions by N pictures are M × N tasks, in that order', async () => {
    const batch = await submit({
      task_type: 'text_to_image',
      descriptions: ['a cat', 'a dog'],
      images_per_description: 3,
    });
    const detail = await ended(rig, batch);

    expect(detail.counts).toMatchObject({ total: 6, succeeded: 6 });
    expect(detail.tasks.map((task) => task.parameters.prompt)).toEqual([
      'a cat',
      'a cat',
      'a cat',
      'a dog',
      'a dog',
      'a dog',
    ]);
    expect(detail.tasks.map((task) => task.batch_index)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('BG1 a description gets four pictures unless the request says otherwise', async () => {
    const batch = await submit({ task_type: 'text_to_image', descriptions: ['a bird'] });

    expect((await ended(rig, batch)).counts.succeeded).toBe(4);
  });

  it('BG9 items draw seeds of their own, or share one on request', async () => {
    const free = await submit({
      task_type: 'text_to_image',
      descriptions: ['x'],
      images_per_description: 4,
    });
    const fixed = await submit({
      task_type: 'text_to_image',
      descriptions: ['x'],
      images_per_description: 4,
      fixed_seed: true,
    });
    const seeds = async (batch: Batch) => (await ended(rig, batch)).tasks.map((task) => task.seed);

    expect(new Set(await seeds(free)).size).toBe(4);
    expect(new Set(await seeds(fixed)).size).toBe(1);
  });

  it('BG9 tasks that repeat another get a warning, unless one seed was requested', async () => {
    const make = async (more: Partial<SubmitBatch>) => {
      const items = { descriptions: ['x', 'y'], images_per_description: 2, ...more };
      const batch = await submit({ task_type: 'text_to_image', ...items });
      await ended(rig, batch);
      return batch;
    };

    expect((await make({})).warning_texts).toEqual([]);
    expect((await make({ fixed_seed: true })).warning_texts).toEqual([]);
    expect((await make({ parameters: { seed: 7 } })).warning_texts).toEqual([
      { code: 'warning.repeated_tasks', params: { count: 2, total: 4 } },
    ]);
  });

  it('BG10 each item updates node inputs of its own', async () => {
    const widths = [32, 48, 64];
    const batch = await submit(
      {
        tasks: widths.map((value) => ({ updates: [{ node_id: '1', input_name: 'width', value }] })),
      },
      pictureGraph(),
    );
    const detail = await ended(rig, batch);
    const graphs = await Promise.all(
      detail.tasks.map((task) => rig.calls.tasks.loadGraphText(rig.actor, task.task_id as TaskId)),
    );

    expect(graphs.map((text) => JSON.parse(text)['1'].inputs.width)).toEqual(widths);
  });

  it('a picture that a hundred items bring along is stored once, and as large as an upload may be', async () => {
    const whole = await rig.bytes((await rig.run(pictureGraph())).task_id);
    const send = async (sizeBytes: number) => {
      const bytes = Buffer.concat([whole, Buffer.alloc(sizeBytes - whole.length)]);
      const image = `data:image/png;base64,${bytes.toString('base64')}`;
      const tasks = Array.from({ length: 100 }, () => ({ parameters: { image } }));
      return rig.ask('POST', '/api/v2/batches', { body: { workflow_name: 'invert', tasks } });
    };
    const accepted = await send(LARGEST_PICTURE);
    const refused = await send(LARGEST_PICTURE + 1);
    const batch = accepted.json as Batch;
    await change(rig, batch, 'cancel');
    // What still runs would meet the fault of the next test.
    const { tasks } = await ended(rig, batch);

    expect(accepted.status).toBe(201);
    expect(new Set(tasks.map((task) => task.parameters.image)).size).toBe(1);
    expect(tasks).toHaveLength(100);
    expect(refused).toMatchObject({
      status: 413,
      json: { error: { code: 'BODY_TOO_LARGE', details: { limit_bytes: LARGEST_PICTURE } } },
    });
  });

  it('BG4 one failing item stops and hides nothing: it is reported, the others are there', async () => {
    rig.simulator.control.set({ name: 'node_error', class: 'SaveImage', message: 'no' });
    const batch = await submit({ tasks: [{}, {}, {}, {}], max_attempts: 1 }, sleepGraph(0.01));
    const detail = await ended(rig, batch);

    expect(detail).toMatchObject({ status: 'finished', counts: { total: 4, succeeded: 3, failed: 1 } });
    expect(detail.tasks.filter((task) => task.error?.code === 'NODE_EXECUTION_ERROR')).toHaveLength(1);
    expect(detail.message).toContain('1 failed');
  });

  it('BG6 a batch shows name, priority, counts, progress, time and its tasks', async () => {
    const batch = await submit({ tasks: [{}, {}], name: 'two', priority: 8 }, pictureGraph());
    const detail = await ended(rig, batch);

    expect(detail).toMatchObject({ name: 'two', priority: 8, status: 'finished', progress: 1 });
    expect(detail.task_ids).toHaveLength(2);
    expect(detail.duration_seconds).toBeGreaterThan(0);
    expect(detail.tasks.every((task) => task.priority === 8 && task.name === 'two')).toBe(true);
  });

  it('BG5 a paused batch starts nothing until it is resumed, and what ran goes on', async () => {
    const batch = await submit({ tasks: Array.from({ length: 6 }, () => ({})) }, sleepGraph(0.2));
    await rig.ledger(batch.task_ids[0] as TaskId, 'execution_start');

    const paused = await change(rig, batch, 'pause');
    const started = await filterRunning(rig, batch.task_ids);
    for (const id of started) expect((await rig.ended(id as TaskId)).status).toBe('succeeded');
    await rig.run(pictureGraph());
    const during = await rig.calls.batches.load(rig.actor, batch.batch_id as BatchId);
    await change(rig, batch, 'resume');
    const after = await ended(rig, batch);

    expect(paused.status).toBe('paused');
    expect(during.counts).toMatchObject({ succeeded: started.length, waiting: 6 - started.length });
    expect(during.tasks.filter((task) => task.held_reason === 'batch_paused')).toHaveLength(
      6 - started.length,
    );
    expect(after).toMatchObject({ status: 'finished', counts: { succeeded: 6 } });
  });

  it('BG5 a retry that comes due in a paused batch waits for the batch', async () => {
    rig.simulator.control.set({ name: 'out_of_memory', class: 'EmptyImage' });
    const batch = await submit({ tasks: [{}] }, pictureGraph());
    const [id] = batch.task_ids as TaskId[];
    if (id === undefined) throw new Error('no task');
    const watch = rig.watch(id, 0);
    await watch.wait((frame) => frame.kind === 'event' && frame.event.held_reason === 'retry_delay');
    await change(rig, batch, 'pause');
    await watch.wait((frame) => frame.kind === 'event' && frame.event.held_reason === 'batch_paused');
    expect(await rig.load(id)).toMatchObject({ status: 'held', attempt_count: 1 });

    await change(rig, batch, 'resume');
    expect(await rig.ended(id)).toMatchObject({ status: 'succeeded', attempt_count: 2 });
  });

  it('BG5 a canceled batch ends what waits and what runs', async () => {
    const batch = await submit({ tasks: Array.from({ length: 5 }, () => ({})) }, sleepGraph(20));
    const running = await rig.ledger(batch.task_ids[0] as TaskId, 'execution_start');

    await change(rig, batch, 'cancel');
    const detail = await ended(rig, batch);

    expect(detail).toMatchObject({ status: 'canceled', counts: { canceled: 5 } });
    expect(running.task).toBe(batch.task_ids[0]);
    expect(
      rig.simulator.ledger
        .lines()
        .filter((line) => line.event === 'execution_start' && batch.task_ids.includes(String(line.task))),
    ).toHaveLength(1);
  });

  it('BG5 a batch goes on after a restart where it stopped; a paused one stays paused', async () => {
    const own = await openRig();
    const graph = sleepGraph(0.2);
    const make = async () =>
      (await own.calls.batches.submit(own.actor, { graph, tasks: [{}, {}, {}, {}] })).batch;
    const running = await make();
    const paused = await make();
    await own.ledger(running.task_ids[0] as TaskId, 'execution_start');
    await change(own, paused, 'pause');

    await own.stop();
    await own.start();
    const finished = await ended(own, running);
    const still = await own.calls.batches.load(own.actor, paused.batch_id as BatchId);

    expect(finished.counts).toMatchObject({ succeeded: 4 });
    expect(finished.task_ids.map((id) => own.executions(id))).toEqual([1, 1, 1, 1]);
    expect(still).toMatchObject({ status: 'paused', counts: { waiting: 4 } });
    await change(own, paused, 'resume');
    expect((await ended(own, paused)).counts.succeeded).toBe(4);
    await own.close();
  });

  it('BG6 a batch sent twice under one key is one batch', async () => {
    const idempotency = { key: 'batch-once', bodyHash: 'h' };
    const graph = pictureGraph();
    const send = () => rig.calls.batches.submit(rig.actor, { graph, tasks: [{}, {}] }, idempotency);
    const [first, second] = [await send(), await send()];

    expect([first.replayed, second.replayed]).toEqual([false, true]);
    expect(second.batch.task_ids).toEqual(first.batch.task_ids);
  });
});
