import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { slowColour } from './real-fleet/graphs.ts';
import { RealStage } from './real-fleet/real-stage.ts';
import { findMissingFile, findRealComfyui } from './services/real-comfyui.ts';
import { skipWhen } from './services/skip-reason.ts';

/*
 * Fault rows on two real ComfyUI servers: what the simulator simulates in faults-worker.test.ts must be what
 * a real server does. Enabled as real-fleet.test.ts is.
 */

const MISSING = findMissingFile(findRealComfyui(), ['tests/execution/extra_model_paths.yaml']);
const RED = 0xff0000;
const GREEN = 0x00ff00;
const BLUE = 0x0000ff;

describe('faults of two real ComfyUI servers', skipWhen(MISSING), () => {
  let stage: RealStage;
  const measured: string[] = [];
  const note = (row: string, ms: number) => measured.push(`${row} ${(ms / 1000).toFixed(1)} s`);

  beforeAll(async () => {
    stage = await RealStage.open();
  }, 300_000);
  afterEach(() => stage.whenTaking());
  afterAll(async () => {
    process.stdout.write(`real faults, from the fault to the next start: ${measured.join(', ')}\n`);
    await stage?.close();
  });

  test('A9 a user interrupts everything: the task runs once more, on the other one', async () => {
    const id = await stage.startOn('w1', slowColour(RED, 4));
    const since = Date.now();
    await stage.post('w1', '/interrupt');
    const { task, colours } = await stage.result(id);
    note('A9', await stage.msTo(id, 'attempt.started', 2, since));

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, worker_name: 'w2' });
    expect(task.attempts[0]).toMatchObject({ ending: 'interrupted', error: { code: 'PROMPT_INTERRUPTED' } });
    expect(colours).toEqual([RED]);
  });

  test('A8 a user deletes a waiting prompt: it is sent once more, and the one that runs goes on', async () => {
    const running = await stage.startOn('w1', slowColour(RED, 12));
    const id = await stage.startOn('w1', slowColour(GREEN, 0.1), 'attempt.submitted');
    const { prompt_id: promptId } = await stage.rig.load(id);
    const since = Date.now();
    await stage.post('w1', '/queue', { delete: [promptId] });
    const ends = await Promise.all([stage.result(id), stage.result(running)]);
    note('A8', await stage.msTo(id, 'attempt.submitted', 2, since));

    expect(ends.map(({ task, colours }) => [task.status, task.attempt_count, colours])).toEqual([
      ['succeeded', 2, [GREEN]],
      ['succeeded', 1, [RED]],
    ]);
    expect(ends[0].task.attempts[0]).toMatchObject({ ending: 'lost', error: { code: 'REMOVED_ON_WORKER' } });
  });

  test('A4 one hangs for 15 s with a prompt running and one waiting: neither is sent to the other', async () => {
    const before = stage.countPrompts();
    const running = await stage.startOn('w1', slowColour(RED, 3));
    const waiting = await stage.startOn('w1', slowColour(BLUE, 0.1), 'attempt.submitted');
    stage.process('w1').signal('SIGSTOP');
    await wait(15_000);
    stage.process('w1').signal('SIGCONT');
    const ends = await Promise.all([stage.result(running), stage.result(waiting)]);

    expect(
      ends.map(({ task, colours }) => [task.status, task.worker_name, task.attempt_count, colours]),
    ).toEqual([
      ['succeeded', 'w1', 1, [RED]],
      ['succeeded', 'w1', 1, [BLUE]],
    ]);
    expect(stage.countPrompts() - before).toBe(2);
  });

  test('A4 a prompt posted while one hangs runs there once', async () => {
    const before = stage.countPrompts();
    stage.process('w1').signal('SIGSTOP');
    const id = await stage.startOn('w1', slowColour(GREEN, 0.5), 'attempt.claimed');
    await wait(8000);
    stage.process('w1').signal('SIGCONT');
    const { task, colours } = await stage.result(id);

    expect(task).toMatchObject({ status: 'succeeded', worker_name: 'w1', attempt_count: 1 });
    expect(colours).toEqual([GREEN]);
    expect(stage.countPrompts() - before).toBe(1);
  });

  test('A3 one hangs for good: the other runs both its prompts, and late results change nothing', async () => {
    const running = await stage.startOn('w1', slowColour(RED, 5));
    const waiting = await stage.startOn('w1', slowColour(BLUE, 30), 'attempt.submitted');
    const since = Date.now();
    stage.process('w1').signal('SIGSTOP');
    const ends = await Promise.all([stage.result(running), stage.result(waiting)]);
    stage.process('w1').signal('SIGCONT');
    const startedMs = await stage.msTo(running, 'attempt.started', 2, since);
    note('A3', startedMs);
    await stage.whenTaking();
    await stage.whenIdle('w1');

    expect(ends.map(({ task, colours }) => [task.status, task.worker_name, colours])).toEqual([
      ['succeeded', 'w2', [RED]],
      ['succeeded', 'w2', [BLUE]],
    ]);
    expect((await stage.result(running)).task).toEqual(ends[0].task);
    expect(startedMs).toBeLessThanOrEqual(45_000);
  });

  test('A6 one is killed and started again on its port: its task runs again with the right picture', async () => {
    const id = await stage.startOn('w1', slowColour(GREEN, 6));
    const since = Date.now();
    await stage.restart('w1');
    const { task, colours } = await stage.result(id);
    note('A6', await stage.msTo(id, 'attempt.started', 2, since));

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2 });
    expect(task.attempts[0]).toMatchObject({ ending: 'lost' });
    expect(colours).toEqual([GREEN]);
  });

  test('A2 one is killed with prompts in it: the other runs them within 20 s', async () => {
    const running = await stage.startOn('w1', slowColour(RED, 6));
    const waiting = await stage.startOn('w1', slowColour(BLUE, 0.1), 'attempt.submitted');
    const since = Date.now();
    await stage.process('w1').kill();
    const ends = await Promise.all([stage.result(running), stage.result(waiting)]);
    const startedMs = await stage.msTo(running, 'attempt.started', 2, since);
    note('A2', startedMs);
    await stage.restart('w1');

    expect(ends.map(({ task, colours }) => [task.status, task.worker_name, colours])).toEqual([
      ['succeeded', 'w2', [RED]],
      ['succeeded', 'w2', [BLUE]],
    ]);
    expect(startedMs).toBeLessThanOrEqual(20_000);
  });
});
