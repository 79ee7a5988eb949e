import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { named } from '../../../test/kit/named.ts';
import { createAttemptRow, createTaskRow } from '../../../test/kit/rows.ts';
import { createEvent, type TaskChange } from '../tasks/task-change.ts';
import { writeAttempt, writeNewAttempt, writeNewTask } from '../tasks/task-rows.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import { toWorkflowKey } from './run-durations.ts';
import { RunEstimates } from './run-estimates.ts';

const MODELS = JSON.stringify({ models: [{ folder: 'checkpoints', name: 'a.safetensors' }] });
const KEY = toWorkflowKey(createTaskRow());
const PROGRESS = {
  value: 1,
  nodes_done: 3,
  nodes_total: 3,
  nodes_cached: 0,
  current_node: null,
  current_node_class: null,
  step: null,
  steps: null,
  available: true,
};

async function openEstimates() {
  const database = await openMemoryDatabase(new FakeClock());
  return {
    database,
    estimates: new RunEstimates(database, ({ models }) => models.map(({ name }) => name).join()),
  };
}

/** Reports the events of a task on a worker: claimed at 0 s, started and ended at the given times. */
function run(
  estimates: RunEstimates,
  {
    startedMs,
    endedMs,
    progress,
    ...changes
  }: Partial<TaskRow> & { startedMs: number; endedMs: number; progress?: typeof PROGRESS },
): void {
  const task = createTaskRow({ state: 'running', ...changes });
  const tell = (row: TaskRow, change: TaskChange, atMs: number) =>
    estimates.record(
      row,
      createEvent(row, { workerId: named('gpu-1'), ...change }, atMs),
      progress ?? PROGRESS,
    );
  tell({ ...task, state: 'running' }, { type: 'attempt.claimed' }, 0);
  estimates.recordStart(task.id, startedMs);
  const state = changes.state ?? 'succeeded';
  tell({ ...task, state: 'running' }, { type: 'attempt.ended' }, endedMs);
  tell(
    { ...task, state, ended_at: endedMs },
    { type: state === 'failed' ? 'task.failed' : 'task.succeeded' },
    endedMs,
  );
}

describe('what is learned from tasks as they end', () => {
  test('the time in the worker’s own queue is no run time', async () => {
    const { estimates } = await openEstimates();
    run(estimates, { startedMs: 60_000, endedMs: 64_000 });

    expect(estimates.durations.expectedMs(KEY, named('gpu-1'))).toBe(4000);
  });

  test('a task that failed says nothing about run times', async () => {
    const { estimates } = await openEstimates();
    run(estimates, { startedMs: 0, endedMs: 100, state: 'failed' });

    expect(estimates.durations.expectedMs(KEY, named('gpu-1'))).toBeNull();
  });

  test('a result that ComfyUI still had says nothing about run times', async () => {
    const { estimates } = await openEstimates();
    run(estimates, { startedMs: 0, endedMs: 10, progress: { ...PROGRESS, nodes_cached: 3 } });

    expect(estimates.durations.expectedMs(KEY, named('gpu-1'))).toBeNull();
  });

  test('the first run with a checkpoint is cold, the next one warm, and after the worker went away cold again', async () => {
    const { estimates } = await openEstimates();
    run(estimates, { startedMs: 0, endedMs: 20_000, requirements: MODELS });
    run(estimates, { startedMs: 20_000, endedMs: 25_000, requirements: MODELS });
    estimates.forgetModels(named('gpu-1'));
    run(estimates, { startedMs: 30_000, endedMs: 52_000, requirements: MODELS });

    expect(estimates.durations.expectedMs(KEY, named('gpu-1'))).toBe(5000);
    expect(estimates.durations.expectedLoadMs(KEY, named('gpu-1'))).toBe(17_000);
  });

  test('TQ15 what was expected at acceptance and at the claim is compared with the actual time', async () => {
    const { estimates } = await openEstimates();
    run(estimates, { startedMs: 0, endedMs: 4000 });
    const task = createTaskRow({ state: 'queued', created_at: 0 });
    estimates.recordForecast(task.id, { startMs: 0, endMs: 10_000 });

    expect(estimates.describeClaim(task, named('gpu-1'))).toEqual({
      expected_ms: 4000,
      expected_end_ms: 10_000,
    });
    run(estimates, { startedMs: 0, endedMs: 8000, created_at: 0 });
    expect(estimates.errors()).toMatchObject([
      {
        run_time: { samples: 1, median_error_ratio: 0.5 },
        end_time: { samples: 1, median_error_ratio: 0.25 },
      },
    ]);
  });
});

describe('after a restart', () => {
  /** Stores a task that succeeded on gpu-1. */
  async function store(
    database: Awaited<ReturnType<typeof openEstimates>>['database'],
    seconds: number,
    details: object | null,
  ) {
    const task = createTaskRow({
      state: 'succeeded',
      epoch: 1,
      created_at: 0,
      ended_at: 10_000 + seconds * 1000,
    });
    const attempt = createAttemptRow({ worker_id: named('gpu-1'), started_at: 10_000 });
    const claim = createEvent(
      task,
      { type: 'attempt.claimed', attemptId: attempt.id, details: { ...details } },
      0,
    );
    const ended = {
      ...attempt,
      state: 'ended' as const,
      ending: 'succeeded' as const,
      ended_at: 10_000 + seconds * 1000,
    };
    await database.commit([...writeNewTask(database.k, task, [claim]), writeNewAttempt(database.k, attempt)]);
    await database.commit([writeAttempt(database.k, ended)]);
  }

  test('TQ15 run times and errors are known again', async () => {
    const { database, estimates } = await openEstimates();
    await store(database, 8, { expected_ms: 4000, expected_end_ms: 9000 });

    await estimates.load();

    expect(estimates.durations.expectedMs(KEY, named('gpu-1'))).toBe(8000);
    expect(estimates.errors()).toMatchObject([
      { run_time: { median_error_ratio: 0.5 }, end_time: { median_error_ratio: 0.5 } },
    ]);
  });

  test('the estimate given at acceptance stays when a task returns to its lane', async () => {
    const { estimates } = await openEstimates();
    const task = createTaskRow();
    estimates.recordForecast(task.id, { startMs: 1000, endMs: 9000 });
    estimates.recordForecast(task.id, { startMs: 50_000, endMs: 58_000 });

    expect(estimates.describeClaim(task, named('gpu-1'))).toMatchObject({ expected_end_ms: 9000 });
  });

  test('an attempt whose start nobody saw is not measured when it ends', async () => {
    const { database, estimates } = await openEstimates();
    const task = createTaskRow({ state: 'running', epoch: 1 });
    const attempt = createAttemptRow({ worker_id: named('gpu-1'), state: 'submitted' });
    await database.commit([...writeNewTask(database.k, task, []), writeNewAttempt(database.k, attempt)]);

    await estimates.load();
    estimates.recordStart(task.id, 50_000);
    const ended = { ...task, state: 'succeeded' as const, ended_at: 50_010 };
    estimates.record(ended, createEvent(ended, { type: 'task.succeeded' }, 50_010), PROGRESS);

    expect(estimates.durations.expectedMs(KEY, named('gpu-1'))).toBeNull();
  });
});
