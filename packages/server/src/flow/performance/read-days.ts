import { startTimeSlice } from '@comfleet/comfyui';
import type { Database } from '../../platform/database/database.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskTables } from '../tasks/task-tables.ts';
import type { RollupTables } from './rollup-tables.ts';
import { isSelected, type PerformanceFilter } from './summarise.ts';
import {
  addRow,
  addTask,
  MEASURED_COLUMNS,
  type TaskGroup,
  type TaskGroups,
  toSubject,
} from './task-groups.ts';

type Db = Database<RollupTables & TaskTables>;

/** Most groups of several days that are read together. */
export const CHUNK_GROUPS = 5000;
const PAGE = 2000;
const STEPS = 100;

/** Days that follow each other, and which of their groups. */
export interface DayRange {
  readonly days: readonly string[];
  /** When the days begin, and the one after them; epoch ms. */
  readonly starts: readonly number[];
  readonly filter: PerformanceFilter;
}

/**
 * The groups of some days, page by page, letting others in between. Null if they are more than `CHUNK_GROUPS` and not of one day, or
 * if tasks were removed meanwhile: those that move from one source to the other would be missed, or counted twice.
 */
export async function readDays(db: Db, clock: Clock, range: DayRange): Promise<TaskGroup[] | null> {
  const groups: TaskGroups = new Map();
  const before = await addRows(groups, { db, clock, range });
  if (before === null || !(await addKept(groups, { db, clock, range }))) return null;
  const [after] = await db.read(selectRows(db, range).select((eb) => eb.fn.sum('version').as('versions')));
  return Number(after?.versions ?? 0) === before ? [...groups.values()] : null;
}

interface Source {
  readonly db: Db;
  readonly clock: Clock;
  readonly range: DayRange;
}

/** Adds what is rolled up. Returns the sum of the rows' versions, which grows with every change; null if they are too many. */
async function addRows(groups: TaskGroups, { db, clock, range }: Source): Promise<number | null> {
  const slice = startTimeSlice(clock);
  const isOneDay = range.days.length === 1;
  let versions = 0;
  let lastId = '';
  for (;;) {
    const all = selectRows(db, range).selectAll().limit(CHUNK_GROUPS);
    const page = await db.read(isOneDay ? all.where('id', '>', lastId).orderBy('id') : all);
    if (page.length === CHUNK_GROUPS && !isOneDay) return null;
    for (const [place, row] of page.entries()) {
      addRow(groups, row);
      versions += Number(row.version);
      lastId = row.id;
      if (place % STEPS === 0) await slice.yieldIfSpent();
    }
    if (page.length < CHUNK_GROUPS) return versions;
  }
}

function selectRows({ k }: Db, { days, filter }: DayRange) {
  const [first = '', last = first] = [days[0], days.at(-1)];
  let query = k.selectFrom('rollup');
  // A single day as such: only then is the order of ids one that the index has.
  query =
    first === last
      ? query.where('day', '=', first)
      : query.where('day', '>=', first).where('day', '<=', last);
  if (filter.ownerId !== undefined) query = query.where('owner_id', '=', filter.ownerId as never);
  if (filter.projectId !== undefined) query = query.where('project_id', '=', filter.projectId as never);
  if (filter.workflow !== undefined) query = query.where('workflow_name', '=', filter.workflow);
  if (filter.workerId !== undefined) query = query.where('worker_id', '=', filter.workerId as never);
  return query;
}

/** Adds the tasks that are kept, in the order of their ends. Returns false if they make too many groups. */
async function addKept(groups: TaskGroups, { db, clock, range }: Source): Promise<boolean> {
  const { days, starts, filter } = range;
  const slice = startTimeSlice(clock);
  const endMs = starts.at(-1) ?? 0;
  let after = { ended_at: (starts[0] ?? endMs) - 1, id: '' };
  let place = 0;
  const toDay = (atMs: number) => {
    while (atMs >= (starts[place + 1] ?? endMs) && place + 1 < days.length) place += 1;
    return days[place] ?? '';
  };
  for (;;) {
    const page = await db.read(selectPage(db, after, endMs));
    for (const task of page) {
      if (isSelected(toSubject(task), filter)) addTask(groups, task, toDay);
      after = { ended_at: Number(task.ended_at), id: task.id };
    }
    if (groups.size > CHUNK_GROUPS && days.length > 1) return false;
    if (page.length < PAGE) return true;
    await slice.yieldIfSpent();
  }
}

/** Not narrowed by the database: an index of owners would make it sort all tasks of one for each page. */
function selectPage({ k }: Db, { ended_at: endedAt, id }: { ended_at: number; id: string }, endMs: number) {
  return k
    .selectFrom('task')
    .select(MEASURED_COLUMNS)
    .where('ended_at', '>=', endedAt)
    .where('ended_at', '<', endMs)
    .where((eb) => eb.or([eb('ended_at', '>', endedAt), eb('id', '>', id as never)]))
    .orderBy('ended_at')
    .orderBy('id')
    .limit(PAGE);
}
