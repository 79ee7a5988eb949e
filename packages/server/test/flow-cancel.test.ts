import { readFailure } from '@comfleet/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, samplerGraph, sleepGraph } from './kit/flow-rig.ts';

let rig: FlowRig;
beforeAll(async () => {
  rig = await FlowRig.open();
});
afterAll(() => rig.close());
afterEach(() => rig.simulator.control.clear());

const wasInterrupted = (id: string) =>
  rig.simulator.ledger.lines().some((line) => line.event === 'interrupted' && line.task === id);

describe('canceling', () => {
  it('TQ10 a running task is interrupted on its worker within two seconds and never succeeds', async () => {
    const id = await rig.submit(sleepGraph(30));
    await rig.ledger(id, 'execution_start');
    const atMs = Date.now();

    await rig.calls.tasks.cancel(rig.actor, id);
    const end = await rig.ledger(id, 'execution_end');
    const task = await rig.ended(id);

    expect(end.interrupted).toBe(true);
    expect(end.wall_ms - atMs).toBeLessThan(2000);
    expect(task).toMatchObject({ status: 'canceled', results: [] });
    expect(task.attempts[0]).toMatchObject({ ending: 'interrupted', error: { code: 'CANCELED' } });
  });

  it('TQ10 a task that waits on the worker leaves its queue and interrupts nobody', async () => {
    const running = await rig.submit(sleepGraph(0.6));
    await rig.ledger(running, 'execution_start');
    const prefetched = await rig.submit(sleepGraph(0.6));
    await rig.ledger(prefetched, 'prompt_accepted');

    await rig.calls.tasks.cancel(rig.actor, prefetched);
    const [first, second] = await Promise.all([rig.ended(running), rig.ended(prefetched)]);
    await rig.run(pictureGraph());

    expect(first).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(second.status).toBe('canceled');
    expect(rig.executions(prefetched)).toBe(0);
    expect(wasInterrupted(running)).toBe(false);
  });

  it('TQ10 a task that waits in our queue never reaches a worker', async () => {
    const busy = [await rig.submit(sleepGraph(0.4)), await rig.submit(sleepGraph(0.1))];
    const waiting = await rig.submit(pictureGraph());

    const canceled = await rig.calls.tasks.cancel(rig.actor, waiting);
    for (const id of busy) await rig.ended(id);

    expect(canceled).toMatchObject({ status: 'canceled', attempt_count: 0 });
    expect(rig.simulator.ledger.lines().filter((line) => line.task === waiting)).toEqual([]);
  });

  it.each(['attempt.claimed', 'attempt.submitted', 'attempt.started'])(
    'P11 a cancel acknowledged right after %s is never followed by success',
    async (type) => {
      const id = await rig.submit(sleepGraph(0.15));
      await rig.happened(id, type);

      await rig.calls.tasks.cancel(rig.actor, id);
      const task = await rig.ended(id);

      expect(task).toMatchObject({ status: 'canceled', results: [] });
    },
  );

  it('P11 a cancel that races with the end is canceled or had ended; both say so to the end', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, () => rig.submit(sleepGraph(0.02))));
    const answers = await Promise.all(
      ids.map(async (id) => {
        await rig.ledger(id, 'execution_start');
        return rig.calls.tasks.cancel(rig.actor, id);
      }),
    );
    const ends = await Promise.all(ids.map((id) => rig.ended(id)));

    const broken = answers.filter(
      (answer, at) => answer.cancel_requested_at !== null && ends[at]?.status !== 'canceled',
    );
    expect(broken).toEqual([]);
    expect(ends.every((task) => ['canceled', 'succeeded'].includes(task.status))).toBe(true);
  });

  it('TQ10 a cancel while the POST is under way stops the prompt that lands', async () => {
    rig.simulator.control.set({ name: 'prompt_delayed', ms: 400 });
    const id = await rig.submit(sleepGraph(30));
    await rig.happened(id, 'attempt.claimed');

    await rig.calls.tasks.cancel(rig.actor, id);
    const task = await rig.ended(id);
    const next = await rig.run(pictureGraph());

    expect(task.status).toBe('canceled');
    expect(next.status).toBe('succeeded');
  });

  it('TQ10 canceling twice cancels once', async () => {
    const id = await rig.submit(sleepGraph(30));
    await rig.ledger(id, 'execution_start');

    await Promise.all([rig.calls.tasks.cancel(rig.actor, id), rig.calls.tasks.cancel(rig.actor, id)]);
    await rig.ended(id);
    const types = (await rig.calls.tasks.loadEvents(rig.actor, id, 0)).map((event) => event.type);

    expect(types.filter((type) => type === 'task.cancel_requested')).toHaveLength(1);
    expect(types.filter((type) => type === 'task.canceled')).toHaveLength(1);
  });
});

describe('time limits of execution', () => {
  it('TQ11 the limit counts from the start on the worker, not from waiting behind another prompt', async () => {
    const first = await rig.submit(sleepGraph(1.2));
    const second = await rig.submit(sleepGraph(0.2), { timeout_seconds: 0.8 });

    expect(await rig.ended(first)).toMatchObject({ status: 'succeeded' });
    expect(await rig.ended(second)).toMatchObject({ status: 'succeeded', attempt_count: 1 });
  });

  it('TQ11 a prompt beyond its limit is interrupted on the worker, and the task fails by that name', async () => {
    const id = await rig.submit(sleepGraph(30), { timeout_seconds: 0.5 });
    const end = await rig.ledger(id, 'execution_end');
    const task = await rig.ended(id);

    expect(end.interrupted).toBe(true);
    expect(task).toMatchObject({ status: 'failed', attempt_count: 1, error: { code: 'EXECUTION_TIMEOUT' } });
  });

  it('TQ11 the limit holds without a socket', async () => {
    const deaf = await FlowRig.open();
    deaf.simulator.control.set({ name: 'ws_deaf', moment: 'before_post' });

    const id = await deaf.submit(sleepGraph(30), { timeout_seconds: 0.5 });
    const task = await deaf.ended(id);

    expect(task).toMatchObject({ status: 'failed', error: { code: 'EXECUTION_TIMEOUT' } });
    await deaf.close();
  });

  it('TQ11 the default limit allows a prompt that makes progress, and ends one that makes none', async () => {
    const simulators = [{ nodeDelays: { KSampler: 60_000 } }];
    const slow = await FlowRig.open({ simulators, config: { comfyui: { timeout: 1 } } });
    const going = await slow.submit(sleepGraph(2.5));
    const asked = await slow.submit(sleepGraph(2.5), { timeout_seconds: 1 });
    const silent = await slow.submit(samplerGraph(2));

    expect(await slow.ended(going)).toMatchObject({ status: 'succeeded' });
    expect(await slow.ended(asked)).toMatchObject({ error: { details: { timeout_seconds: 1 } } });
    const { error } = await slow.ended(silent);
    expect(error).toMatchObject({ code: 'EXECUTION_TIMEOUT', details: { silent_seconds: 1 } });
    expect(error && readFailure(error).summary.code).toBe('failure.silent');
    await slow.close();
  });

  it('TQ12 the limit is 900 s unless a call names another one, or none', async () => {
    const plain = await rig.run(pictureGraph());
    const longer = await rig.run(pictureGraph(), { timeout_seconds: 1800 });
    const unlimited = await rig.run(pictureGraph(), { timeout_seconds: 0 });

    expect([plain, longer, unlimited].map((task) => task.timeout_seconds)).toEqual([900, 1800, null]);
  });
});
