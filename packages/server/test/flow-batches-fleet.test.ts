import type { Batch, BatchDetail, BatchId, TaskId } from '@comfleet/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FlowRig, sleepGraph } from './kit/flow-rig.ts';
import { named } from './kit/named.ts';

let rig: FlowRig;
beforeEach(async () => {
  rig = await FlowRig.open({ simulators: [{}, {}, {}, {}] });
});
afterEach(() => rig.close());

/** A batch whose items sleep for this many seconds each. */
async function submit(seconds: readonly number[]): Promise<Batch> {
  const tasks = seconds.map((value, index) => ({
    name: `item-${index}`,
    updates: [
      { node_id: '2', input_name: 'seconds', value },
      { node_id: '1', input_name: 'color', value: index },
    ],
  }));
  return (await rig.calls.batches.submit(rig.actor, { tasks, graph: sleepGraph(0) })).batch;
}

const load = ({ batch_id }: Batch): Promise<BatchDetail> =>
  rig.calls.batches.load(rig.actor, batch_id as BatchId);

const change = ({ batch_id }: Batch, what: 'pause' | 'resume' | 'cancel') =>
  rig.calls.batches.change(rig.actor, batch_id as BatchId, what);

async function ended(batch: Batch): Promise<BatchDetail> {
  for (const id of batch.task_ids) await rig.ended(id as TaskId);
  return load(batch);
}

/** Resolves when this many tasks have started to run. */
async function started(batch: Batch, count: number): Promise<void> {
  const ids = new Set(batch.task_ids);
  const begun = rig.simulators.map((simulator) =>
    simulator.ledger.waitFor((line) => line.event === 'execution_start' && ids.has(String(line.task))),
  );
  await Promise.all(begun.slice(0, count));
}

const eventsOf = async (id: string): Promise<string[]> =>
  (await rig.calls.tasks.loadEvents(rig.actor, id as TaskId, 0)).map((event) => event.type);

describe('a batch on four workers', () => {
  it('BG7 runs on all of them, and lists its results in the order of its items whatever ended first', async () => {
    const batch = await submit([1.2, 0.1, 0.9, 0.1, 0.6, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1]);
    const detail = await ended(batch);
    const ends = detail.tasks.map((task) => task.completed_at ?? '');

    expect(detail.counts).toMatchObject({ total: 12, succeeded: 12 });
    expect(new Set(detail.tasks.map((task) => task.worker_name)).size).toBe(4);
    expect(detail.tasks.map((task) => task.name)).toEqual(
      batch.task_ids.map((_id, index) => `item-${index}`),
    );
    expect(detail.tasks.map((task) => task.task_id)).toEqual(batch.task_ids);
    expect(ends).not.toEqual(ends.toSorted());
    expect(detail.tasks.every((task) => task.results.length === 1)).toBe(true);
  });

  it('BG5 BG7 paused while four run, nothing more starts anywhere until it is resumed', async () => {
    const batch = await submit(Array.from({ length: 16 }, () => 0.3));
    await started(batch, 4);

    const paused = await change(batch, 'pause');
    const sent = (await load(batch)).tasks.filter((task) => task.status !== 'held');
    for (const task of sent) await rig.ended(task.task_id);
    const during = await load(batch);
    await change(batch, 'resume');
    const after = await ended(batch);

    expect(paused.status).toBe('paused');
    expect(sent.length).toBeLessThanOrEqual(8);
    expect(during.counts).toMatchObject({ succeeded: sent.length, waiting: 16 - sent.length, running: 0 });
    expect(after.counts).toMatchObject({ succeeded: 16 });
    expect(after.tasks.map((task) => rig.executions(task.task_id))).toEqual(
      Array.from({ length: 16 }, () => 1),
    );
  });

  it('BG5 BG7 canceled while four run, every worker is stopped and each task has its events', async () => {
    const batch = await submit(Array.from({ length: 20 }, () => 30));
    await started(batch, 4);

    await change(batch, 'cancel');
    const detail = await ended(batch);
    const last = await eventsOf(batch.task_ids.at(-1) ?? '');

    expect(detail).toMatchObject({ status: 'canceled', counts: { total: 20, canceled: 20 } });
    expect(batch.task_ids.filter((id) => rig.executions(id) > 0).length).toBeLessThanOrEqual(8);
    expect(last.slice(-2)).toEqual(['task.cancel_requested', 'task.canceled']);
  });

  it('BG5 BG7 after a restart in the middle it goes on where it stopped, on all workers, and nothing runs twice', async () => {
    const batch = await submit(Array.from({ length: 16 }, () => 0.3));
    await started(batch, 4);

    await rig.stop();
    await rig.start();
    const detail = await ended(batch);

    expect(detail).toMatchObject({ status: 'finished', counts: { succeeded: 16 } });
    expect(detail.tasks.map((task) => rig.executions(task.task_id))).toEqual(
      Array.from({ length: 16 }, () => 1),
    );
  });

  it('BG5 a pause that a restart cut short is completed by the next start, a cancel too', async () => {
    const [paused, canceled] = [
      await submit([60, 60, 60, 60, 60, 60]),
      await submit([60, 60, 60, 60, 60, 60]),
    ];
    await rig.ledger(paused.task_ids[0] ?? '', 'execution_start');
    // The state that a kill between the commits of the batch and of its tasks leaves.
    const { database } = rig.app;
    for (const [batch, state] of [
      [paused, 'paused'],
      [canceled, 'canceled'],
    ] as const)
      await database.commit([
        {
          query: database.k
            .updateTable('batch')
            .set({ state })
            .where('id', '=', named<'batch'>(batch.batch_id)),
          rows: 1,
        },
      ]);

    await rig.stop();
    await rig.start();
    const ends = await ended(canceled);
    const still = await load(paused);

    expect(ends.counts).toMatchObject({ canceled: 6 });
    expect(still.counts.succeeded).toBe(0);
    expect(still.tasks.filter((task) => task.status === 'queued')).toEqual([]);
    await change(paused, 'cancel');
    await ended(paused);
  });
});
