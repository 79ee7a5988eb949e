import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../test/kit/manual-clock.ts';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { createTaskRow } from '../../../test/kit/rows.ts';
import { RunEstimates } from './run-estimates.ts';
import { writeNewTask } from './task-rows.ts';

const ran = (seconds: number, changes = {}) =>
  createTaskRow({ state: 'succeeded', started_at: 10_000, ended_at: 10_000 + seconds * 1000, ...changes });
const WAITING = createTaskRow({ state: 'queued' });

async function openEstimates() {
  const database = await openMemoryDatabase(new ManualClock());
  return { database, estimates: new RunEstimates(database) };
}

describe('how long a task will take', () => {
  test('TQ15 is not said until a run of the same graph or workflow was measured', async () => {
    const { estimates } = await openEstimates();
    estimates.learn(ran(4, { graph_hash: 'another' }));

    expect(estimates.estimateSeconds(WAITING, 0)).toBeNull();
  });

  test('TQ15 is the median of measured runs, once for itself and once for each task ahead', async () => {
    const { estimates } = await openEstimates();
    for (const seconds of [2, 90, 4]) estimates.learn(ran(seconds));

    expect(estimates.estimateSeconds(WAITING, 0)).toBe(4);
    expect(estimates.estimateSeconds(WAITING, 2)).toBe(12);
  });

  test('is known again after a restart', async () => {
    const { database, estimates } = await openEstimates();
    await database.commit(writeNewTask(database.k, ran(7), []));

    await estimates.load();

    expect(estimates.estimateSeconds(WAITING, 0)).toBe(7);
  });

  test('a task that has ended needs no estimate', async () => {
    const { estimates } = await openEstimates();
    estimates.learn(ran(7));

    expect(estimates.estimateSeconds(ran(7), 0)).toBeNull();
  });
});
