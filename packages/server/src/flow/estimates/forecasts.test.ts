import { FakeClock } from '@comfleet/test-kit';
import { beforeEach, describe, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { named } from '../../../test/kit/named.ts';
import { createTaskRow } from '../../../test/kit/rows.ts';
import { Forecasts, type Outlook } from './forecasts.ts';
import { toWorkflowKey } from './run-durations.ts';
import { RunEstimates } from './run-estimates.ts';

const LANE = 'lane-a';
const WAITING = createTaskRow({ id: named('waiting'), state: 'queued', lane: LANE });
const KEY = toWorkflowKey(WAITING);

let clock: FakeClock;
let estimates: RunEstimates;
let forecasts: Forecasts;
let fleet: {
  ahead: ReturnType<Outlook['ahead']>;
  lanes: { lane: string; waiting: number }[];
  serving: Record<string, string[]>;
  load: number;
  costMs: number;
};

beforeEach(async () => {
  clock = new FakeClock();
  estimates = new RunEstimates(await openMemoryDatabase(clock), () => '');
  fleet = { ahead: { own: 0, others: 0 }, lanes: [], serving: { [LANE]: ['gpu-1'] }, load: 0, costMs: 0 };
  forecasts = new Forecasts({
    estimates,
    clock,
    nowMs: () => clock.nowMs(),
    outlook: {
      ahead: () => fleet.ahead,
      lanes: () => fleet.lanes,
      serving: (lane) => {
        clock.advance(fleet.costMs);
        return (fleet.serving[lane] ?? []).map((workerId) => ({
          workerId: named<'worker'>(workerId),
          load: fleet.load,
        }));
      },
    },
  });
});

const learn = (seconds: number, key = KEY) =>
  estimates.durations.learn({ key, workerId: named('gpu-1'), durationMs: seconds * 1000, warm: true });

/** Forecast start and end, in seconds from now. */
function inSeconds(task = WAITING) {
  const { startMs, endMs } = forecasts.forecast(task, LANE);
  const from = (atMs: number | null) => (atMs === null ? null : (atMs - clock.nowMs()) / 1000);
  return [from(startMs), from(endMs)];
}

const place = (taskId: string, startedMs: number | null) =>
  estimates.runs.add({
    taskId: named(taskId),
    workerId: named('gpu-1'),
    key: KEY,
    startedMs,
    measurable: true,
  });

describe('a waiting task', () => {
  test('TQ15 has no estimate until a run like it was measured', () => {
    expect(inSeconds()).toEqual([null, null]);
  });

  test('TQ15 starts after what runs, what was sent before it, and what waits before it', () => {
    learn(10);
    place('running', clock.nowMs() - 4000);
    place('sent', null);
    fleet.ahead = { own: 2, others: 0 };

    expect(inSeconds()).toEqual([6 + 10 + 20, 6 + 10 + 20 + 10]);
  });

  test('TQ15 has no estimate while no worker in service can run it', () => {
    learn(10);
    fleet.serving = {};

    expect(inSeconds()).toEqual([null, null]);
  });

  test('tasks of a lane with workers of its own are not in its way', () => {
    learn(10);
    fleet.ahead = { own: 0, others: 500 };
    fleet.lanes = [{ lane: 'lane-b', waiting: 500 }];
    fleet.serving['lane-b'] = ['gpu-2'];

    expect(inSeconds()).toEqual([0, 10]);
  });

  test('tasks of a lane that shares its workers are, as far as they come there and with their own run time', () => {
    learn(10);
    learn(60, 'video|lane-b|image_to_video');
    fleet.ahead = { own: 1, others: 4 };
    fleet.lanes = [{ lane: 'lane-b', waiting: 4 }];
    fleet.serving['lane-b'] = ['gpu-1', 'gpu-2'];

    expect(inSeconds()).toEqual([10 + 2 * 60, 10 + 2 * 60 + 10]);
  });

  test('a task that is being claimed counts as on its worker', () => {
    learn(10);
    fleet.load = 1;

    expect(inSeconds()).toEqual([10, 20]);
  });

  test('what took long to compute for a lane is reused for twenty times as long', () => {
    learn(10);
    fleet.costMs = 5;
    expect(inSeconds()).toEqual([0, 10]);
    place('running', clock.nowMs());

    clock.advance(99);
    expect(inSeconds()).toEqual([0, 10]);
    clock.advance(1);
    fleet.costMs = 0;
    expect(inSeconds()).toEqual([9.9, 19.9]);
  });

  test('one that waits for its next attempt starts then at the earliest; other held ones have no estimate', () => {
    learn(10);
    const dueAt = clock.nowMs() + 30_000;
    const retry = createTaskRow({ ...WAITING, state: 'held', held_reason: 'retry_delay', due_at: dueAt });

    expect(inSeconds(retry)).toEqual([30, 40]);
    expect(inSeconds({ ...retry, held_reason: 'batch_paused' })).toEqual([null, null]);
  });
});

describe('a running task', () => {
  const RUNNING = createTaskRow({ ...WAITING, id: named('running'), state: 'running' });

  test('TQ15 ends as long after its start as runs take on its worker', () => {
    learn(10);
    place('running', clock.nowMs() - 4000);

    expect(inSeconds(RUNNING)).toEqual([-4, 6]);
    expect(forecasts.secondsLeft(forecasts.forecast(RUNNING, LANE))).toBe(6);
  });

  test('one that takes longer than expected ends now, not in the past', () => {
    learn(10);
    place('running', clock.nowMs() - 60_000);

    expect(inSeconds(RUNNING)).toEqual([-60, 0]);
  });

  test('one that was claimed this moment starts now', () => {
    learn(10);

    expect(inSeconds(RUNNING)).toEqual([0, 10]);
  });

  test('one that waits in its worker’s queue starts when those before it are done', () => {
    learn(10);
    place('first', clock.nowMs() - 3000);
    place('running', null);

    expect(inSeconds(RUNNING)).toEqual([7, 17]);
  });
});

test('an ended task has no estimate', () => {
  learn(10);

  expect(inSeconds(createTaskRow({ ...WAITING, state: 'succeeded' }))).toEqual([null, null]);
  expect(forecasts.secondsLeft({ startMs: null, endMs: null })).toBeNull();
});
