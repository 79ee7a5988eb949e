import type { Task, TaskId } from '@comfleet/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, sleepGraph } from './kit/flow-rig.ts';

const RUN_SECONDS = 0.4;
/** Tolerance for a slow machine: the workers share its cores with the tests. */
const SLACK_MS = 1500;

let rig: FlowRig;
beforeAll(async () => {
  rig = await FlowRig.open({ simulators: [{}, {}] });
});
afterAll(() => rig.close());

const submitMany = async (count: number): Promise<TaskId[]> => {
  const ids: TaskId[] = [];
  for (let left = count; left > 0; left -= 1) ids.push(await rig.submit(sleepGraph(RUN_SECONDS)));
  return ids;
};

const ms = (time: string | null): number => (time === null ? Number.NaN : Date.parse(time));

/** Ms between the estimated and the actual end of a task. */
const missOf = (estimated: Task, ended: Task): number =>
  Math.abs(ms(estimated.estimated_end) - ms(ended.completed_at));

describe('estimates', () => {
  it('TQ15 before anything was measured nothing is estimated, neither time nor start and end', async () => {
    const id = await rig.submit(sleepGraph(RUN_SECONDS));
    await rig.happened(id, 'attempt.started');

    expect(await rig.load(id)).toMatchObject({ estimated_time: null, estimated_end: null });
    expect((await rig.ended(id)).estimated_end).toBeNull();
  });

  it('TQ15 tasks that wait for two workers have an estimated start and end, and end about then', async () => {
    for (const id of await submitMany(4)) await rig.ended(id);
    const ids = await submitMany(12);
    const estimated = await Promise.all(ids.map((id) => rig.load(id)));
    const last = estimated.at(-1);
    const ended = await Promise.all(ids.map((id) => rig.ended(id)));

    expect(last?.status).toBe('queued');
    expect(ms(last?.estimated_end ?? null) - ms(last?.estimated_start ?? null)).toBeGreaterThan(
      RUN_SECONDS * 900,
    );
    expect(last?.estimated_time).toBeGreaterThan(RUN_SECONDS * 3);
    expect(estimated.every((task) => task.status === 'succeeded' || task.estimated_end !== null)).toBe(true);
    for (const [index, task] of ended.entries()) {
      const before = estimated[index];
      if (before && before.status === 'queued') expect(missOf(before, task)).toBeLessThan(SLACK_MS);
    }
  });

  it('TQ15 the claim keeps what was expected, and how far off it was is reported', async () => {
    const [id] = await submitMany(1);
    if (id === undefined) throw new Error('no task');
    await rig.ended(id);
    const events = await rig.calls.tasks.loadEvents(rig.actor, id, 0);
    const claim = events.find((event) => event.type === 'attempt.claimed');
    const [error] = await rig.calls.statistics.estimateErrors();

    expect(Number(claim?.details?.expected_ms)).toBeGreaterThan(RUN_SECONDS * 900);
    expect(error).toMatchObject({ workflow: null, task_type: 'custom' });
    expect(error?.run_time?.samples).toBeGreaterThan(10);
    expect(error?.run_time?.median_error_ratio).toBeLessThan(0.5);
    expect(error?.end_time?.samples).toBeGreaterThan(10);
    expect(error?.end_time?.median_error_ratio).toBeLessThan(0.5);
  });

  it('TQ15 a graph that never ran is expected to take as long as those of its own classes, also after a restart', async () => {
    // As many runs without models as are remembered.
    const quick = await Promise.all(Array.from({ length: 20 }, () => rig.submit(pictureGraph())));
    for (const id of quick) await rig.ended(id);
    const expected = async () => {
      const id = await rig.submit(sleepGraph(RUN_SECONDS));
      await rig.ended(id);
      const events = await rig.calls.tasks.loadEvents(rig.actor, id, 0);
      return Number(events.find((event) => event.type === 'attempt.claimed')?.details?.expected_ms);
    };
    const before = await expected();
    await rig.stop();
    await rig.start();

    expect(before).toBeGreaterThan(RUN_SECONDS * 900);
    expect(await expected()).toBeGreaterThan(RUN_SECONDS * 900);
  });

  it('TQ15 estimates and their errors are there again after a restart', async () => {
    const [before] = await rig.calls.statistics.estimateErrors();
    await rig.stop();
    await rig.start();
    const [after] = await rig.calls.statistics.estimateErrors();
    // Of the same kind, and long enough to be observed while it runs.
    const id = await rig.submit(sleepGraph(60));

    expect(after?.run_time?.samples).toBe(before?.run_time?.samples);
    expect(after?.end_time?.median_error_ratio).toBeCloseTo(
      before?.end_time?.median_error_ratio ?? Number.NaN,
      1,
    );
    expect((await rig.load(id)).estimated_end).not.toBeNull();
    await rig.calls.tasks.cancel(rig.actor, id);
  });
});
