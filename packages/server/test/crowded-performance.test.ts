import { createUuidV7, type PrincipalId, type TaskId, type WorkerId } from '@comfleet/contract';
import { type Database, systemRandom, type Tables } from '@comfleet/server';
import { FakeClock } from '@comfleet/test-kit';
import { afterEach, expect, test } from 'vitest';
import { createPerformanceCalls } from '../src/flow/calls/performance/performance-calls.ts';
import { writeRollUp } from '../src/flow/performance/roll-up.ts';
import { addTask, MEASURED_COLUMNS, type TaskGroups, toRow } from '../src/flow/performance/task-groups.ts';
import { TaskPerformance } from '../src/flow/performance/task-performance.ts';
import type { TaskRow } from '../src/flow/tasks/task-tables.ts';
import { addDays } from '../src/platform/time/calendar-day.ts';
import { openMemoryDatabase } from './kit/memory-database.ts';
import { closeAll } from './kit/open-test-database.ts';
import { createTaskRow } from './kit/rows.ts';

afterEach(closeAll);

const DAY = 24 * 3_600_000;
const TODAY = '2026-03-31';

async function openDatabase() {
  const clock = new FakeClock();
  clock.advance(Date.parse(`${TODAY}T12:00:00Z`) - clock.nowMs());
  return { clock, database: await openMemoryDatabase(clock) };
}

const createId = (atMs: number) => createUuidV7(Math.floor(atMs), systemRandom.bytes(10));

/** Reports that see the database through `read`. */
function openReports(database: Database<Tables>, clock: FakeClock, read: Database<Tables>['read']) {
  const performance = new TaskPerformance({ db: { ...database, read }, clock, timeZone: 'UTC' });
  return createPerformanceCalls(database, { performance, zone: 'UTC' });
}

/** Sums of one succeeded task a worker on each of `days` days before today. Returns the owner of all of the last worker. */
async function insertSums(database: Database<Tables>, days: number, workers: number): Promise<PrincipalId> {
  const ids = Array.from({ length: workers }, () => createId(1) as WorkerId);
  const [everyone, one] = [createId(1) as PrincipalId, createId(1) as PrincipalId];
  for (let back = 1; back <= days; back += 1) {
    const groups: TaskGroups = new Map();
    for (const worker of ids) {
      const owner = worker === ids.at(-1) ? one : everyone;
      const row = createTaskRow({ owner_id: owner, worker_id: worker, state: 'succeeded', ended_at: 1 });
      addTask(groups, row, () => addDays(TODAY, -back));
    }
    const rows = [...groups.values()].map((group) => toRow(group, 1));
    await database.commit([{ query: database.k.insertInto('rollup').values(rows) }]);
  }
  return one;
}

test('DB7 more sums than fit in memory are read in bounded pieces, and a narrow question reads only its own', async () => {
  const { clock, database } = await openDatabase();
  const owner = await insertSums(database, 80, 500);
  const sizes: number[] = [];
  const calls = openReports(database, clock, async (query) => {
    const rows = await database.read(query);
    sizes.push(rows.length);
    return rows;
  });

  const all = await calls.report({ days: 90, by: 'worker' });
  const largest = Math.max(...sizes.splice(0));
  const own = await calls.report({ days: 90, by: 'worker', ownerId: owner });

  expect([all.total.tasks, all.groups.length, all.groups[0]?.measures.tasks]).toEqual([40_000, 500, 80]);
  expect(largest).toBeLessThanOrEqual(5000);
  expect([own.total.tasks, own.groups.length]).toEqual([80, 1]);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300);
});

test('DB7 one day with more sums than are read at once is whole', async () => {
  const { clock, database } = await openDatabase();
  await insertSums(database, 1, 1500);
  await insertSums(database, 1, 1500);
  await insertSums(database, 1, 1500);
  await insertSums(database, 1, 1500);
  const calls = openReports(database, clock, database.read);

  const { total, groups } = await calls.report({ days: 2, by: 'day' });

  expect([total.tasks, groups.length]).toEqual([6000, 1]);
});

/** Tasks that ended evenly over 60 days, the last of them 5 days ago. */
async function insertTasks(database: Database<Tables>, nowMs: number, count: number): Promise<void> {
  for (let from = 0; from < count; from += 200) {
    const rows: TaskRow[] = Array.from({ length: 200 }, (_, place) => {
      const endedAt = Math.floor(nowMs - 65 * DAY + (from + place) * ((60 * DAY) / count));
      const id = createId(endedAt) as TaskId;
      return createTaskRow({ id, accepted_seq: from + place + 1, state: 'succeeded', ended_at: endedAt });
    });
    await database.commit([{ query: database.k.insertInto('task').values(rows as never[]) }]);
  }
}

/** Moves the 20 oldest tasks to the sums. */
async function purgeSome(database: Database<Tables>): Promise<void> {
  const { k } = database;
  const old = await database.read(
    k.selectFrom('task').select(MEASURED_COLUMNS).orderBy('ended_at').limit(20),
  );
  const ids = old.map(({ id }) => id);
  await database.commit([
    ...(await writeRollUp(database, old, 'UTC')),
    { query: k.deleteFrom('task').where('id', 'in', ids), rows: ids.length },
  ]);
}

test('DB7 each task counts once while old ones are removed before every read of the database', async () => {
  const { clock, database } = await openDatabase();
  await insertTasks(database, clock.nowMs(), 12_000);
  const calls = openReports(database, clock, async (query) => {
    await purgeSome(database);
    return database.read(query);
  });

  const { total } = await calls.report({ days: 90, by: 'day' });

  expect(total.tasks).toBe(12_000);
});
