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

  /** Groups of `count` days up to and including `last`. Throws UNAVAILABLE if a day is being removed all the time. */
  async read(last: string, count: number): Promise<TaskGroup[]> {
    const groups: TaskGroup[] = [];
    for (let day = addDays(last, 1 - count); day <= last; day = nextDay(day))
      groups.push(...(this.#days.get(day) ?? (await this.#load(day))));
    return groups;
  }

  async #load(day: string): Promise<readonly TaskGroup[]> {
    const endMs = dayStartMs(nextDay(day), this.#zone);
    const groups = await this.#readWhole(day, endMs);
    if (this.#db.nowMs() > endMs + SETTLED_MS) this.#keep(day, groups);
    return groups;
  }

  /** Both sources at one time: tasks that move from one to the other meanwhile would be missed, or counted twice. */
  async #readWhole(day: string, endMs: number): Promise<readonly TaskGroup[]> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const rows = await this.#readRows(day);
      const groups: TaskGroups = new Map();
      for (const row of rows) addRow(groups, row);
      await this.#addKept(groups, day, endMs);
      const after = await this.#readVersions(day);
      if (after === rows.reduce((sum, { version }) => sum + Number(version), 0)) return [...groups.values()];
    }
    throw new AppError('UNAVAILABLE', {});
  }

  #readRows(day: string) {
    return this.#db.read(this.#db.k.selectFrom('rollup').selectAll().where('day', '=', day));
  }

  /** Grows with every change of the day's rows. */
  async #readVersions(day: string): Promise<number> {
    const { k } = this.#db;
    const [row] = await this.#db.read(
      k
        .selectFrom('rollup')
        .select((eb) => eb.fn.sum('version').as('versions'))
        .where('day', '=', day),
    );
    return Number(row?.versions ?? 0);
  }

  /** Page after page, letting others in between. */
  async #addKept(groups: TaskGroups, day: string, endMs: number): Promise<void> {
    const slice = startTimeSlice(this.#clock);
    let after = { ended_at: dayStartMs(day, this.#zone) - 1, id: '' };
    for (;;) {
      const page = await this.#db.read(this.#selectPage(after, endMs));
      for (const task of page) {
        addTask(groups, task, () => day);
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
    this.#days.set(day, groups);
    this.#held += groups.length;
    for (const [oldest, { length }] of this.#days) {
      if (this.#held <= MAX_GROUPS) return;
      this.#days.delete(oldest);
      this.#held -= length;
    }
  }
}
