import type { Database } from '../../platform/database/database.ts';
import { addDays, dayOf, dayStartMs, nextDay } from '../../platform/time/calendar-day.ts';

/** A calendar day in the configured time zone, epoch ms; the end is the start of the next one. */
export interface Day {
  readonly day: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** The day that it is by the clock of the database, by which tasks are dated. */
export class CurrentDay {
  readonly #db: Pick<Database<unknown>, 'nowMs'>;
  readonly #zone: string;
  #today: Day | null = null;

  constructor(db: Pick<Database<unknown>, 'nowMs'>, zone: string) {
    this.#db = db;
    this.#zone = zone;
  }

  get zone(): string {
    return this.#zone;
  }

  get today(): Day {
    const nowMs = this.#db.nowMs();
    const known = this.#today;
    if (known !== null && nowMs >= known.startMs && nowMs < known.endMs) return known;
    this.#today = toDay(dayOf(nowMs, this.#zone), this.#zone);
    return this.#today;
  }

  /** The last `count` days, today last. */
  list(count: number): Day[] {
    const { day } = this.today;
    return Array.from({ length: count }, (_, place) => toDay(addDays(day, place + 1 - count), this.#zone));
  }
}

function toDay(day: string, zone: string): Day {
  return { day, startMs: dayStartMs(day, zone), endMs: dayStartMs(nextDay(day), zone) };
}
