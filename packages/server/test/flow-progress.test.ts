import type { Progress, StreamFrame } from '@comfleet/contract';
import type { FaultSpec } from '@comfleet/simulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, samplerGraph, sleepGraph } from './kit/flow-rig.ts';
import { isEnd, type TaskWatch, watchFrames } from './kit/task-watch.ts';

let rig: FlowRig;
beforeAll(async () => {
  rig = await FlowRig.open({ simulators: [{ previewMethod: 'latent2rgb', stepMs: 30 }] });
});
afterAll(() => rig.close());
afterEach(() => rig.simulator.control.clear());

const progressOf = ({ frames }: TaskWatch): Progress[] =>
  frames.flatMap((frame) => (frame.kind === 'progress' ? [frame.progress] : []));
const typesOf = ({ frames }: TaskWatch): string[] =>
  frames.flatMap((frame) => (frame.kind === 'event' ? [frame.event.type] : []));

const idOf = (frame: StreamFrame): string => {
  if (frame.kind === 'snapshot') return frame.task.task_id;
  return frame.kind === 'event' ? frame.event.task_id : frame.task_id;
};

async function watchToEnd(...faults: FaultSpec[]): Promise<TaskWatch> {
  for (const fault of faults) rig.simulator.control.set(fault);
  const watch = rig.watch(await rig.submit(samplerGraph(8)));
  await watch.wait(isEnd);
  return watch;
}

describe('progress and previews', () => {
  it('PR3 progress never goes backward and is 1 only once the task has succeeded', async () => {
    const watch = await watchToEnd();
    const values = progressOf(watch).map((progress) => progress.value);
    const lastBefore = watch.frames.findIndex(isEnd);
    const early = watch.frames.slice(0, lastBefore);

    expect(values.length).toBeGreaterThan(5);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(progressOf({ ...watch, frames: early.slice(0, -1) }).every(({ value }) => value < 1)).toBe(true);
    expect(values.at(-1)).toBe(1);
    expect(new Set(values).size).toBeGreaterThan(4);
  });

  it('PR3 progress does not go backward when frames come doubled and out of order', async () => {
    const watch = await watchToEnd(
      { name: 'ws_duplicate', frame: 'progress', copies: 2, times: 4 },
      { name: 'ws_reorder', frame: 'progress', times: 4 },
    );
    const values = progressOf(watch).map((progress) => progress.value);

    expect(values).toEqual(values.toSorted((a, b) => a - b));
  });

  it('PR1 progress names the graph node, its class, step and steps', async () => {
    const watch = await watchToEnd();

    expect(progressOf(watch)).toContainEqual(
      expect.objectContaining({ current_node: '4', current_node_class: 'KSampler', step: 5, steps: 8 }),
    );
  });

  it('PR7 a watcher gets previews of the sampler, as pictures', async () => {
    const watch = await watchToEnd();
    const [preview] = watch.frames.flatMap((frame) => (frame.kind === 'preview' ? [frame.preview] : []));

    expect(preview).toMatchObject({ node_id: '4', content_type: 'image/jpeg' });
    expect(
      Buffer.from(preview?.data_base64 ?? '', 'base64')
        .subarray(0, 2)
        .toString('hex'),
    ).toBe('ffd8');
  });

  it('PR5 a late joiner gets the current state first', async () => {
    const id = await rig.submit(samplerGraph(20));
    await rig.watch(id).wait((frame) => frame.kind === 'progress' && frame.progress.value > 0.3);
    const late = rig.watch(id);
    const snapshot = await late.wait((one) => one.kind === 'snapshot');
    await late.wait(isEnd);

    expect(snapshot).toMatchObject({ task: { status: 'running' } });
    expect(snapshot.kind === 'snapshot' && snapshot.task.progress?.value).toBeGreaterThan(0.3);
  });

  it('PR5 an owner and a batch have streams too', async () => {
    const own = watchFrames((signal) => rig.calls.tasks.watchOwn(rig.actor, signal));
    const { batch } = await rig.calls.batches.submit(rig.actor, {
      tasks: [{}, {}],
      graph: pictureGraph(),
    });
    const watch = watchFrames((signal) =>
      rig.calls.batches.watch(rig.actor, batch.batch_id as never, signal),
    );
    const isEndOf = (id: string) => (frame: StreamFrame) => isEnd(frame) && idOf(frame) === id;
    for (const id of batch.task_ids) {
      await watch.wait(isEndOf(id));
      await own.wait(isEndOf(id));
    }
    own.stop();
    expect(batch.task_ids).toHaveLength(2);
  });

  it('a reader that is slow with the snapshot still receives the end', async () => {
    const id = await rig.submit(pictureGraph());
    const stream = rig.calls.tasks.watch(rig.actor, id, 0, AbortSignal.timeout(5000))[Symbol.asyncIterator]();
    await stream.next();
    await rig.ended(id);
    const rest: string[] = [];
    for (let next = await stream.next(); !next.done; next = await stream.next())
      if (next.value.kind === 'event') rest.push(next.value.event.type);

    expect(rest.at(-1)).toBe('task.succeeded');
  });

  it('P14 a stream resumes after the number last seen, without gap and without repeating', async () => {
    const id = await rig.submit(samplerGraph(4));
    await rig.ended(id);
    const all = await rig.calls.tasks.loadEvents(rig.actor, id, 0);
    const resumed = rig.watch(id, 2);
    await resumed.wait(isEnd);

    expect(all.map((event) => event.number)).toEqual(all.map((_, at) => at + 1));
    expect(typesOf(resumed)).toEqual(all.slice(2).map((event) => event.type));
  });
});

describe('the exact end', () => {
  it('CD8 messages of interleaved prompts affect only the task they are about', async () => {
    rig.simulator.control.set({
      name: 'interleaved_progress',
      foreign_id: '00000000-0000-4000-8000-000000000000',
    });
    const ids = [await rig.submit(samplerGraph(4)), await rig.submit(samplerGraph(4))];
    const [first, second] = ids.map((id) => rig.watch(id));
    await Promise.all([first?.wait(isEnd), second?.wait(isEnd)]);

    for (const watch of [first, second]) {
      const named = new Set(
        watch?.frames.flatMap((frame) => (frame.kind === 'progress' ? [frame.task_id] : [])),
      );
      expect(named.size).toBeLessThanOrEqual(1);
      expect(watch && typesOf(watch).filter((type) => type === 'task.succeeded')).toHaveLength(1);
    }
    expect(rig.executions(ids[0] ?? '')).toBe(1);
    expect(rig.executions(ids[1] ?? '')).toBe(1);
  });

  it('CD12 an end announced many times, and checked by hand at the same time, is handled once', async () => {
    rig.simulator.control.set({ name: 'ws_duplicate', frame: 'completion', copies: 5, times: 2 });
    const id = await rig.submit(sleepGraph(0.1));
    await rig.ledger(id, 'execution_end');
    await Promise.all(Array.from({ length: 5 }, () => rig.calls.tasks.check(rig.actor, id)));
    const task = await rig.ended(id);
    const types = (await rig.calls.tasks.loadEvents(rig.actor, id, 0)).map((event) => event.type);

    expect(types.filter((type) => type === 'attempt.ended' || type === 'task.succeeded')).toHaveLength(2);
    expect(task.results).toHaveLength(1);
    expect(
      rig.simulator.ledger
        .lines()
        .filter((line) => line.event === 'view' && String(line.path).startsWith('sleep')).length,
    ).toBeGreaterThan(0);
  });

  it('CD1 the end of a foreign prompt ends nothing of ours', async () => {
    const id = await rig.submit(sleepGraph(0.4));
    await rig.happened(id, 'attempt.started');
    rig.simulator.control.set({ name: 'ws_foreign_end' });
    rig.simulator.control.set({ name: 'ws_null_without_id' });
    const end = await rig.ledger(id, 'execution_end');
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(Date.parse(task.completed_at ?? '')).toBeGreaterThanOrEqual(end.wall_ms);
  });

  it('CD9 without any message the end is found by polling, and counted as such', async () => {
    const deaf = await FlowRig.open();
    deaf.simulator.control.set({ name: 'ws_deaf', moment: 'before_post' });
    const task = await deaf.run(sleepGraph(0.1));

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect((await deaf.calls.statistics.engine()).finishedBy).toEqual({
      socket: 0,
      watchdog: 1,
      check: 0,
      adoption: 0,
    });
    await deaf.close();
  });

  it('CD10 polling begins with a task and ends with the last one', async () => {
    const quiet = await FlowRig.open();
    const looks = () => quiet.simulator.ledger.lines().filter((line) => line.event === 'view').length;
    await quiet.run(pictureGraph());
    const { running } = await quiet.app.engine.stats();

    expect(looks()).toBe(1);
    expect(running).toBe(0);
    await quiet.close();
  });

  it('CD18 after a reconnection every open task is checked at once', async () => {
    const id = await rig.submit(sleepGraph(0.2));
    await rig.happened(id, 'attempt.started');
    rig.simulator.control.set({ name: 'ws_close' });
    const end = await rig.ledger(id, 'execution_end');
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(Date.parse(task.completed_at ?? '') - end.wall_ms).toBeLessThan(1500);
  });

  it('CD19 while every upgrade is refused tasks run and end, with progress reported as unavailable', async () => {
    const refused = await FlowRig.open({ simulators: [{ stepMs: 30 }] });
    refused.simulator.control.set({ name: 'ws_refuse', status: 403, times: 'until_cleared' });
    const first = refused.watch(await refused.submit(sleepGraph(0.6)));
    await first.wait((frame) => frame.kind === 'event' && frame.event.type === 'attempt.started');
    refused.simulator.control.set({ name: 'ws_close' });
    await first.wait((frame) => frame.kind === 'progress' && !frame.progress.available);
    await first.wait(isEnd);
    const second = await refused.run(pictureGraph());

    expect(second).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    await refused.close();
  });

  it('CD15 ten tasks, one after the other, use one socket', async () => {
    const calm = await FlowRig.open();
    for (let n = 0; n < 10; n += 1) expect((await calm.run(pictureGraph())).status).toBe('succeeded');
    const upgrades = calm.simulator.ledger.lines().filter((line) => line.event === 'socket_upgrade');

    expect(upgrades).toHaveLength(1);
    await calm.close();
  });
});
