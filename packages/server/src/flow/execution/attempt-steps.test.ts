import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { createAttemptRow, createTaskRow } from '../../../test/kit/rows.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import type { TaskChange } from '../tasks/task-change.ts';
import { TaskJournal } from '../tasks/task-journal.ts';
import { writeAttempt, writeNewAttempt, writeNewTask } from '../tasks/task-rows.ts';
import { AttemptSteps } from './attempt-steps.ts';

/** A stored running task with its attempt; `committed` lists events as they become durable. */
async function openSteps(epochInSql = 1) {
  const clock = new FakeClock();
  const database = await openMemoryDatabase(clock);
  const attempt = createAttemptRow({ epoch: 1 });
  const task = createTaskRow({ state: 'running', epoch: epochInSql });
  await database.commit([
    ...writeNewTask(database.k, task, []),
    writeNewAttempt(database.k, { ...attempt, epoch: epochInSql }),
  ]);
  const committed: string[] = [];
  let wake = () => {};
  let isAway = false;
  const journal = new TaskJournal(
    {
      ...database,
      commit: async (writes) => {
        if (isAway) throw new Error('the database is away');
        return database.commit(writes);
      },
    },
    (changes) => {
      committed.push(changes.map(({ event }) => event.type).join(' + '));
      wake();
    },
  );
  const steps = new AttemptSteps(
    { database, journal, clock, logger: silentLogger, writeAttempt: (row) => writeAttempt(database.k, row) },
    attempt,
  );
  const nextCommit = () => new Promise<void>((resolve) => (wake = resolve));
  const load = async () => (await database.read(database.k.selectFrom('attempt').selectAll()))[0];
  return { clock, steps, committed, nextCommit, load, setAway: (away: boolean) => (isAway = away) };
}

const typesOf = (changes: readonly TaskChange[]) => changes.map((change) => change.type);

describe('steps of an attempt', () => {
  test('those that come within a tenth of a second are stored together, in order', async () => {
    const { clock, steps, committed, nextCommit, load } = await openSteps();
    steps.record('attempt.submitted');
    clock.advance(40);
    steps.record('attempt.started');
    const stored = nextCommit();

    clock.advance(60);
    await stored;

    expect(committed).toEqual(['attempt.submitted + attempt.started']);
    expect(await load()).toMatchObject({ state: 'running', submitted_at: Date.UTC(2026, 0, 1) });
  });

  test('those of a short run are stored with its end, and nothing is written after it', async () => {
    const { clock, steps, committed } = await openSteps();
    steps.record('attempt.submitted');
    steps.record('attempt.started');

    const taken = await steps.take();
    clock.advance(1000);

    expect(typesOf(taken)).toEqual(['attempt.submitted', 'attempt.started']);
    expect(await steps.take()).toEqual([]);
    expect(committed).toEqual([]);
  });

  test('what was stored is not stored again with the end', async () => {
    const { clock, steps } = await openSteps();
    steps.record('attempt.submitted');
    clock.advance(100);
    steps.record('attempt.started');

    expect(typesOf(await steps.take())).toEqual(['attempt.started']);
  });

  test('a start event before the response to the POST means that it was submitted', async () => {
    const { steps } = await openSteps();
    steps.record('attempt.started');
    steps.record('attempt.submitted');

    expect(typesOf(await steps.take())).toEqual(['attempt.submitted', 'attempt.started']);
    expect(steps.attempt).toMatchObject({ state: 'running', submitted_at: Date.UTC(2026, 0, 1) });
  });

  test('while the database is away they wait and go with the end, in their order', async () => {
    const { clock, steps, committed, setAway } = await openSteps();
    setAway(true);
    steps.record('attempt.submitted');
    clock.advance(100);
    steps.record('attempt.started');

    expect(typesOf(await steps.take())).toEqual(['attempt.submitted', 'attempt.started']);
    expect(committed).toEqual([]);
  });

  test('P4 an attempt that another one has followed writes nothing', async () => {
    const { steps, committed, load } = await openSteps(2);
    steps.record('attempt.submitted');

    await steps.store();

    expect(committed).toEqual([]);
    expect(await load()).toMatchObject({ epoch: 2, state: 'claimed' });
  });

  test('a shutdown stores what waits at once', async () => {
    const { steps, committed } = await openSteps();
    steps.record('attempt.submitted');

    await steps.store();

    expect(committed).toEqual(['attempt.submitted']);
  });
});
