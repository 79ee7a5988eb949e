import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, sleepGraph } from './kit/flow-rig.ts';

/** States of the attempts in SQL while the server is down. */
function readAttemptStates(rig: FlowRig): unknown[] {
  const sqlite = new DatabaseSync(join(rig.folder, 'comfleet.db'));
  try {
    return sqlite
      .prepare('select state from attempt')
      .all()
      .map((row) => Object.values(row)[0]);
  } finally {
    sqlite.close();
  }
}

describe('the server stops and starts while workers go on', () => {
  it('TQ5 what ran is resumed and runs once, what waited runs, what ended stays', async () => {
    const rig = await FlowRig.open({ simulators: [{}, {}] });
    const done = await rig.run(pictureGraph());
    const ids = await Promise.all(Array.from({ length: 8 }, () => rig.submit(sleepGraph(0.3))));
    await Promise.any(
      rig.simulators.map((_, worker) => rig.ledger(ids[0] ?? ('' as never), 'execution_start', worker)),
    );

    await rig.stop();
    await rig.start();
    const tasks = await Promise.all(ids.map((id) => rig.ended(id)));

    expect(tasks.map((task) => task.status)).toEqual(ids.map(() => 'succeeded'));
    expect(ids.map((id) => rig.executions(id))).toEqual(ids.map(() => 1));
    expect(await rig.load(done.task_id as never)).toMatchObject({
      status: 'succeeded',
      results: [{ index: 0 }],
    });
    await rig.close();
  });

  it('P6 a prompt that ended while the server was away is collected, not run again', async () => {
    const rig = await FlowRig.open();
    const id = await rig.submit(sleepGraph(0.3));
    await rig.ledger(id, 'execution_start');
    const frozen = rig.simulator.control.set({ name: 'freeze' });
    await rig.stop();
    rig.simulator.control.clear(frozen);
    await rig.ledger(id, 'execution_end');

    await rig.start();
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(rig.executions(id)).toBe(1);
    expect((await rig.calls.statistics.engine()).finishedBy.adoption).toBe(1);
    await rig.close();
  });

  it('P6 a server that stops in the middle of a POST leaves the attempt open and runs it once', async () => {
    const rig = await FlowRig.open();
    rig.simulator.control.set({ name: 'prompt_delayed', ms: 500 });
    const id = await rig.submit(sleepGraph(0.1));
    await rig.happened(id, 'attempt.claimed');
    await rig.stop();
    await rig.start();
    const task = await rig.ended(id);

    expect(task.status).toBe('succeeded');
    expect(rig.executions(id)).toBe(1);
    await rig.close();
  });

  it('P6 a prompt in flight when the server stopped is recorded as sent or unsent, and the next start looks for none', async () => {
    const rig = await FlowRig.open();
    rig.simulator.control.set({ name: 'prompt_delayed', ms: 300, times: 'until_cleared' });
    const ids = await Promise.all(Array.from({ length: 4 }, () => rig.submit(sleepGraph(0.1))));
    await rig.happened(ids[0] ?? ('' as never), 'attempt.claimed');
    await rig.stop();
    const left = readAttemptStates(rig);
    await rig.start();
    const tasks = await Promise.all(ids.map((id) => rig.ended(id)));

    // Any other attempt would be `claimed`, and searched for during five seconds.
    expect(left).not.toContain('claimed');
    expect(tasks.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'));
    expect(ids.map((id) => rig.executions(id))).toEqual(ids.map(() => 1));
    await rig.close();
  });

  it('TQ10 a cancel just before the server stops still holds after its start', async () => {
    const rig = await FlowRig.open();
    const id = await rig.submit(sleepGraph(30));
    await rig.ledger(id, 'execution_start');
    // The response may come too late to be read; what counts is that the request is stored.
    const canceling = rig.calls.tasks.cancel(rig.actor, id).catch(() => null);
    await rig.happened(id, 'task.cancel_requested');
    await rig.stop();
    await canceling;
    await rig.start();
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'canceled', results: [] });
    expect((await rig.ledger(id, 'execution_end')).interrupted).toBe(true);
    await rig.close();
  });

  it('P14 a stream resumes by number across a restart', async () => {
    const rig = await FlowRig.open();
    const id = await rig.submit(sleepGraph(0.4));
    await rig.happened(id, 'attempt.started');
    const seen = (await rig.calls.tasks.loadEvents(rig.actor, id, 0)).at(-1)?.number ?? 0;
    await rig.stop();
    await rig.start();
    const watch = rig.watch(id, seen);
    await watch.wait((frame) => frame.kind === 'event' && frame.event.type === 'task.succeeded');
    const numbers = watch.frames.flatMap((frame) => (frame.kind === 'event' ? [frame.event.number] : []));

    expect(numbers).toEqual(numbers.map((_, at) => seen + 1 + at));
    await rig.close();
  });
});
