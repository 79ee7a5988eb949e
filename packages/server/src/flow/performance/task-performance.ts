import { startTimeSlice } from '@comfleet/comfyui';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { addDays, dayStartMs, nextDay } from '../../platform/time/calendar-day.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskTables } from '../tasks/task-tables.ts';
import { CHUNK_GROUPS, readDays } from './read-days.ts';
import type { RollupTables } from './rollup-tables.ts';
import { isSelected, NO_FILTER, type PerformanceFilter } from './summarise.ts';
import type { TaskGroup } from './task-groups.ts';

type Db = Database<RollupTables & TaskTables>;

/** Days that are read together; fewer where they have too many groups, so that memory stays bounded. */
const CHUNK_DAYS = 64;
/** An end is written some time after its moment; later than this, a day that is over changes no more. */
const SETTLED_MS = 3_600_000;
/** Groups of days that are over, kept in memory: about 3 kB each. */
const MAX_GROUPS = 30_000;
const MAX_DAYS = 1500;
/** Of one day, while its tasks are being removed. */
const TRIES = 10;

/** Which days, and which of their tasks. */
export interface PerformanceRange {
  readonly last: string;
  /** How many days, the last one included. */
  readonly count: number;
  readonly filter: PerformanceFilter;
}

/**
 * What came of tasks, by the day on which they ended: those that are still kept are counted themselves, the others by their roll-up.
 * A day that is over never changes, whichever of the two a task is in, and is read once where there is room to keep it.
 */
export class TaskPerformance {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #zone: string;
  readonly #days = new Map<string, readonly TaskGroup[]>();
  #held = 0;
  /** Whether there is more than can be kept: then narrow questions read their own groups only, and keep nothing. */
  #isCrowded = false;

  constructor(deps: { db: Db; clock: Clock; timeZone: string }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#zone = deps.timeZone;
  }

  /** Hands each group to `use`, day after day. Throws UNAVAILABLE if tasks of one of the days are being removed all the time. */
  async visit({ last, count, filter }: PerformanceRange, use: (group: TaskGroup) => void): Promise<void> {
    const days = Array.from({ length: count }, (_, place) => addDays(last, place + 1 - count));
    const slice = startTimeSlice(this.#clock);
    let size = CHUNK_DAYS;
    let failures = 0;
    for (let place = 0; place < days.length; ) {
      const chunk = this.#nextChunk(days.slice(place, place + size));
      const groups = this.#days.get(chunk[0] ?? '') ?? (await this.#load(chunk, filter));
      if (groups === null) {
        failures = chunk.length === 1 ? failures + 1 : 0;
        if (failures === TRIES) throw new AppError('UNAVAILABLE', {});
        size = Math.max(1, Math.floor(chunk.length / 2));
        continue;
      }
      await slice.run(useSelected(groups, filter, use));
      place += chunk.length;
      failures = 0;
      if (groups.length < CHUNK_GROUPS / 2) size = Math.min(CHUNK_DAYS, size * 2);
    }
  }

  /** One day that is known, or the days before the next one that is. */
  #nextChunk(days: readonly string[]): readonly string[] {
    const known = days.findIndex((day) => this.#days.has(day));
    return known < 0 ? days : days.slice(0, Math.max(1, known));
  }

  async #load(days: readonly string[], wanted: PerformanceFilter): Promise<readonly TaskGroup[] | null> {
    const filter = this.#isCrowded ? wanted : NO_FILTER;
    const starts = [...days, nextDay(days.at(-1) ?? '')].map((day) => dayStartMs(day, this.#zone));
    const groups = await readDays(this.#db, this.#clock, { days, starts, filter });
    if (groups !== null && Object.values(filter).every((value) => value === undefined))
      this.#keepSettled(days, starts, groups);
    return groups;
  }

  #keepSettled(days: readonly string[], starts: readonly number[], groups: readonly TaskGroup[]): void {
    const byDay = new Map<string, TaskGroup[]>(days.map((day) => [day, []]));
    for (const group of groups) byDay.get(group.day)?.push(group);
    const settledMs = this.#db.nowMs() - SETTLED_MS;
    for (const [place, [day, own]] of [...byDay].entries())
      if ((starts[place + 1] ?? settledMs) < settledMs) this.#keep(day, own);
  }

  #keep(day: string, groups: readonly TaskGroup[]): void {
    this.#held += groups.length - (this.#days.get(day)?.length ?? 0);
    this.#days.set(day, groups);
    for (const [oldest, { length }] of this.#days) {
      if (this.#held <= MAX_GROUPS && this.#days.size <= MAX_DAYS) return;
      this.#isCrowded ||= this.#held > MAX_GROUPS;
      this.#days.delete(oldest);
      this.#held -= length;
    }
  }
}

function* useSelected(
  groups: readonly TaskGroup[],
  filter: PerformanceFilter,
  use: (group: TaskGroup) => void,
): Generator<void, void> {
  for (const group of groups) {
    if (isSelected(group, filter)) use(group);
    yield;
  }
}
