import { createUuidV7, type PrincipalId, type TaskId, type WorkerId } from '@comfleet/contract';
import { type Database, silentLogger, systemClock, systemRandom, type Tables } from '@comfleet/server';
import { FakeClock } from '@comfleet/test-kit';
import { afterEach, expect, test } from 'vitest';
import { describeOnDatabases } from '../../../e2e/services/databases.ts';
import { parseConfig } from '../src/app/settings.ts';
import { Assets } from '../src/flow/assets/assets.ts';
import type { BlobStore } from '../src/flow/assets/blob-store.ts';
import { sweepOnce } from '../src/flow/assets/retention.ts';
import { createPerformanceCalls } from '../src/flow/calls/performance/performance-calls.ts';
import { TaskPerformance } from '../src/flow/performance/task-performance.ts';
import type { TaskRow } from '../src/flow/tasks/task-tables.ts';
import { dayOf } from '../src/platform/time/calendar-day.ts';
import { openMemoryDatabase } from './kit/memory-database.ts';
import { closeAll, createEmpty, openForTest } from './kit/open-test-database.ts';
import { createTaskRow } from './kit/rows.ts';

afterEach(closeAll);

const ZONE = 'Europe/Berlin';
const DAY = 24 * 3_600_000;
const TASKS = 10_000;
const STATES = ['succeeded', 'succeeded', 'succeeded', 'failed', 'canceled', 'expired'] as const;

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
function createDraw(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Tasks that ended between 20 days and 1 day ago, with waits and runs over four powers of ten. */
function drawTasks(seed: number, nowMs: number): TaskRow[] {
  const draw = createDraw(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(draw() * items.length)] as Item;
  const ids = Array.from({ length: 12 }, () => createUuidV7(nowMs, systemRandom.bytes(10)));
  return Array.from({ length: TASKS }, (_, index) => {
    const state = pick(STATES);
    const endedAt = Math.floor(nowMs - DAY - draw() * 19 * DAY);
    const startedAt = state === 'expired' ? null : endedAt - Math.floor(10 ** (1 + 4 * draw()));
    return createTaskRow({
      id: createUuidV7(endedAt, systemRandom.bytes(10)) as TaskId,
      accepted_seq: index + 1,
      owner_id: pick(ids.slice(0, 4)) as PrincipalId,
      workflow_name: pick(['flux', 'sdxl', null]),
      worker_id: startedAt === null ? null : (pick(ids.slice(4)) as WorkerId),
      state,
      attempt_count: startedAt === null ? 0 : 1 + Math.floor(draw() * 3),
      created_at: (startedAt ?? endedAt) - Math.floor(10 ** (4 * draw())),
      started_at: startedAt,
      ended_at: endedAt,
    });
  });
}

async function insertTasks(database: Database<Tables>, tasks: readonly TaskRow[]): Promise<void> {
  for (let from = 0; from < tasks.length; from += 200) {
    const values = tasks.slice(from, from + 200) as never[];
    await database.commit([{ query: database.k.insertInto('task').values(values) }]);
  }
}

/** Removes tasks that ended longer ago than this, as the server does every minute. */
async function purge(database: Database<Tables>, tasksMs: number): Promise<void> {
  const unused = (): never => {
    throw new Error('no file is touched here');
  };
  const blobs: BlobStore = {
    ...{ put: unused, open: unused, has: unused, linkTo: unused },
    removeUnused: async () => false,
  };
  const assets = new Assets({
    ...{ database, blobs, createId: unused, inputDir: null },
    admission: { upload: unused },
    limits: parseConfig('', { file: null, environment: {}, cwd: '/' }).config.assetLimits,
  });
  const deps = { database, blobs, assets, clock: systemClock, logger: silentLogger };
  await sweepOnce(deps, { tasksMs, outputsMs: null, timeZone: ZONE });
}

function openReports(database: Database<Tables>) {
  const performance = new TaskPerformance({ db: database, clock: systemClock, timeZone: ZONE });
  return createPerformanceCalls(database, { performance, zone: ZONE });
}

type Key = (task: TaskRow) => string | null;
const KEYS: Readonly<Record<'day' | 'user' | 'workflow' | 'worker' | 'project', Key>> = {
  day: (task) => dayOf(task.ended_at ?? 0, ZONE),
  user: (task) => task.owner_id,
  workflow: (task) => task.workflow_name,
  worker: (task) => task.worker_id,
  project: (task) => task.project_id,
};

function groupTasks(tasks: readonly TaskRow[], keyOf: Key): Map<string | null, TaskRow[]> {
  const groups = new Map<string | null, TaskRow[]>();
  for (const task of tasks) {
    const group = groups.get(keyOf(task));
    if (group) group.push(task);
    else groups.set(keyOf(task), [task]);
  }
  return groups;
}

/** What the tasks themselves say, counted one by one. */
function recount(tasks: readonly TaskRow[]) {
  const count = (state: string) => tasks.filter((task) => task.state === state).length;
  const started = tasks.filter((task) => task.started_at !== null);
  const succeeded = started.filter((task) => task.state === 'succeeded');
  const measure = (values: number[]) => {
    const sorted = values.sort((one, other) => one - other);
    const rank = (share: number) => (sorted[Math.ceil(share * sorted.length) - 1] ?? 0) / 1000;
    return { count: sorted.length, p50: rank(0.5), p95: rank(0.95), p99: rank(0.99) };
  };
  return {
    tasks: tasks.length,
    succeeded: count('succeeded'),
    failed: count('failed'),
    canceled: count('canceled'),
    expired: count('expired'),
    attempts: tasks.reduce((sum, task) => sum + task.attempt_count, 0),
    wait: measure(started.map((task) => (task.started_at ?? 0) - task.created_at)),
    run: measure(succeeded.map((task) => (task.ended_at ?? 0) - (task.started_at ?? 0))),
  };
}

/** Counts are equal; percentiles are within 2 %, or the half of a millisecond to which they are rounded. */
async function expectRecount(database: Database<Tables>, tasks: readonly TaskRow[]): Promise<void> {
  for (const [by, keyOf] of Object.entries(KEYS)) {
    const report = await openReports(database).report({ days: 30, by: by as keyof typeof KEYS });
    const byKey = groupTasks(tasks, keyOf);
    expect(new Set(report.groups.map(({ key }) => key))).toEqual(new Set(byKey.keys()));
    for (const { key, measures } of report.groups) {
      const { wait, run, ...counts } = recount(byKey.get(key) ?? []);
      expect(measures).toMatchObject({ ...counts, wait: { count: wait.count }, run: { count: run.count } });
      for (const [found, exact] of [
        [measures.wait, wait],
        [measures.run, run],
      ] as const)
        for (const share of ['p50', 'p95', 'p99'] as const) {
          const value = found[`${share}_seconds`] ?? 0;
          expect(Math.abs(value - exact[share])).toBeLessThanOrEqual(exact[share] * 0.02 + 0.001);
        }
    }
  }
}

test('DB7 a task counts on the day of its end, also in the night to summer time; past days are read once', async () => {
  const clock = new FakeClock();
  clock.advance(Date.parse('2026-03-31T12:00:00Z') - clock.nowMs());
  const database = await openMemoryDatabase(clock);
  const ends = [
    '2026-03-28T22:59:59Z',
    '2026-03-28T23:00:00Z',
    '2026-03-29T21:59:59Z',
    '2026-03-29T22:00:00Z',
  ];
  const tasks = ends.map((end, index) =>
    createTaskRow({
      id: createUuidV7(Date.parse(end), systemRandom.bytes(10)),
      accepted_seq: index + 1,
      state: 'succeeded',
      ended_at: Date.parse(end),
    }),
  );
  await insertTasks(database, tasks);
  let reads = 0;
  const read: typeof database.read = (query) => {
    reads += 1;
    return database.read(query);
  };
  const performance = new TaskPerformance({ db: { ...database, read }, clock, timeZone: ZONE });
  const calls = createPerformanceCalls(database, { performance, zone: ZONE });
  const report = () => calls.report({ days: 3, until: '2026-03-30', by: 'day' });

  const first = await report();
  const readsOfFirst = reads;

  expect(first.groups.map(({ key, measures }) => [key, measures.tasks])).toEqual([
    ['2026-03-28', 1],
    ['2026-03-29', 2],
    ['2026-03-30', 1],
  ]);
  expect(await report()).toEqual(first);
  expect([readsOfFirst, reads]).toEqual([3, 3]);
});

describeOnDatabases('statistics of tasks', (kind) => {
  test('DB7 DB9 equal a recount of 10,000 tasks, while they are kept, half removed, and all removed', async () => {
    const seed = 20_261_201;
    const database = await openForTest(await createEmpty(kind));
    const tasks = drawTasks(seed, database.nowMs());
    await insertTasks(database, tasks);
    const left = async () => (await database.read(database.k.selectFrom('task').select('id'))).length;

    await expectRecount(database, tasks);
    await purge(database, 10 * DAY);
    const half = await left();
    await expectRecount(database, tasks);
    await purge(database, 1);

    expect([half > 0 && half < TASKS, await left()]).toEqual([true, 0]);
    await expectRecount(database, tasks);
  });

  test('DB7 two servers that remove the same tasks at once count each once', async () => {
    const config = await createEmpty(kind);
    const [one, other] = [await openForTest(config), await openForTest(config)];
    const tasks = drawTasks(7, one.nowMs()).slice(0, 600);
    await insertTasks(one, tasks);

    await Promise.all([purge(one, 1), purge(other, 1)]);
    await purge(one, 1);

    await expectRecount(one, tasks);
  });
});
