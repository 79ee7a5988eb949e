import { startTimeSlice } from '@comfleet/comfyui';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { addDays, dayStartMs, nextDay } from '../../platform/time/calendar-day.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskTables } from '../tasks/task-tables.ts';
import type { RollupTables } from './rollup-tables.ts';
import { addRow, addTask, MEASURED_COLUMNS, type TaskGroup, type TaskGroups } from './task-groups.ts';

type Db = Database<RollupTables & TaskTables>;

const PAGE = 2000;
/** An end is written some time after its moment; later than this, a day that is over changes no more. */
const SETTLED_MS = 3_600_000;
/** Groups of days that are over, kept in memory. */
const MAX_GROUPS = 100_000;
const MAX_DAYS = 1500;
const TRIES = 10;

/**
 * What came of tasks, by the day on which they ended: those that are still kept are counted themselves, the others by their roll-up.
 * A day that is over never changes, whichever of the two a task is in, and is read once.
 */
export class TaskPerformance {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #zone: string;
  readonly #days = new Map<string, readonly TaskGroup[]>();
  #held = 0;

  constructor(deps: { db: Db; clock: Clock; timeZone: string }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#zone = deps.timeZone;
  }

  /** Groups of `count` days up to and including `last`. Throws UNAVAILABLE if tasks of these days are being removed all the time. */
  async read(last: string, count: number): Promise<TaskGroup[]> {
    const days = Array.from({ length: count }, (_, place) => addDays(last, place + 1 - count));
    const missing = days.findIndex((day) => !this.#days.has(day));
    const known = missing < 0 ? days : days.slice(0, missing);
    const groups = known.flatMap((day) => this.#days.get(day) ?? []);
    return missing < 0 ? groups : [...groups, ...(await this.#load(days.slice(missing)))];
  }

  async #load(days: readonly string[]): Promise<readonly TaskGroup[]> {
    const starts = [...days, nextDay(days.at(-1) ?? '')].map((day) => dayStartMs(day, this.#zone));
    const groups = await this.#readWhole(days, starts);
    const byDay = new Map<string, TaskGroup[]>(days.map((day) => [day, []]));
    for (const group of groups) byDay.get(group.day)?.push(group);
    const settledMs = this.#db.nowMs() - SETTLED_MS;
    for (const [place, [day, own]] of [...byDay].entries())
      if ((starts[place + 1] ?? settledMs) < settledMs) this.#keep(day, own);
    return groups;
  }

  /** Both sources at one time: tasks that move from one to the other meanwhile would be missed, or counted twice. */
  async #readWhole(days: readonly string[], starts: readonly number[]): Promise<readonly TaskGroup[]> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const rows = await this.#readRows(days);
      const groups: TaskGroups = new Map();
      for (const row of rows) addRow(groups, row);
      await this.#addKept(groups, days, starts);
      const after = await this.#readVersions(days);
      if (after === rows.reduce((sum, { version }) => sum + Number(version), 0)) return [...groups.values()];
    }
    throw new AppError('UNAVAILABLE', {});
  }

  #readRows(days: readonly string[]) {
    const query = this.#db.k.selectFrom('rollup').selectAll();
    return this.#db.read(query.where('day', '>=', days[0] ?? '').where('day', '<=', days.at(-1) ?? ''));
  }

  /** Grows with every change of the rows of these days. */
  async #readVersions(days: readonly string[]): Promise<number> {
    const query = this.#db.k.selectFrom('rollup').select((eb) => eb.fn.sum('version').as('versions'));
    const [row] = await this.#db.read(
      query.where('day', '>=', days[0] ?? '').where('day', '<=', days.at(-1) ?? ''),
    );
    return Number(row?.versions ?? 0);
  }

  /** Page after page in the order of ends, letting others in between. `starts`: of the days, and of the one after. */
  async #addKept(groups: TaskGroups, days: readonly string[], starts: readonly number[]): Promise<void> {
    const slice = startTimeSlice(this.#clock);
    const endMs = starts.at(-1) ?? 0;
    let after = { ended_at: (starts[0] ?? endMs) - 1, id: '' };
    let place = 0;
    const toDay = (atMs: number) => {
      while (atMs >= (starts[place + 1] ?? endMs) && place + 1 < days.length) place += 1;
      return days[place] ?? '';
    };
    for (;;) {
      const page = await this.#db.read(this.#selectPage(after, endMs));
      for (const task of page) {
        addTask(groups, task, toDay);
        after = { ended_at: Number(task.ended_at), id: task.id };
      }
      if (page.length < PAGE) return;
      await slice.yieldIfSpent();
    }
  }

  #selectPage({ ended_at: endedAt, id }: { ended_at: number; id: string }, endMs: number) {
    return this.#db.k
      .selectFrom('task')
      .select(MEASURED_COLUMNS)
      .where('ended_at', '>=', endedAt)
      .where('ended_at', '<', endMs)
      .where((eb) => eb.or([eb('ended_at', '>', endedAt), eb('id', '>', id as never)]))
      .orderBy('ended_at')
      .orderBy('id')
      .limit(PAGE);
  }

  #keep(day: string, groups: readonly TaskGroup[]): void {
    if (groups.length > MAX_GROUPS) return;
    this.#held += groups.length - (this.#days.get(day)?.length ?? 0);
    this.#days.set(day, groups);
    for (const [oldest, { length }] of this.#days) {
      if (this.#held <= MAX_GROUPS && this.#days.size <= MAX_DAYS) return;
      this.#days.delete(oldest);
      this.#held -= length;
    }
  }
}
