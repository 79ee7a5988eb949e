import type { Quota } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { CurrentDay } from './current-day.ts';
import type { Wish } from './quota-counters.ts';
import { type CountedSubject, countTasks, sumStored, sumUploaded } from './quota-statements.ts';
import type { QuotaTables } from './quota-tables.ts';

/** Quotas that are counted in SQL; running tasks are counted where they are placed. */
export type CountedQuota = Exclude<Quota, 'tasks_running'>;

interface Counting {
  readonly db: Database<QuotaTables>;
  readonly days: CurrentDay;
}

/** How each quota is counted: of a day or not, whether it can become less, and whether its acts are short. */
const RULES: Readonly<Record<CountedQuota, { daily: boolean; shrinks: boolean; drains: boolean }>> = {
  tasks_per_day: { daily: true, shrinks: false, drains: true },
  tasks_total: { daily: false, shrinks: true, drains: true },
  tasks_waiting: { daily: false, shrinks: true, drains: true },
  upload_bytes_per_day: { daily: true, shrinks: false, drains: false },
  stored_bytes: { daily: false, shrinks: true, drains: false },
};

/** The wish of `amount` more within a limit. */
export function createWish(
  { db, days }: Counting,
  { subject, quota }: { subject: CountedSubject; quota: CountedQuota },
  { amount, limit }: { amount: number; limit: number },
): Wish {
  const { daily, shrinks, drains } = RULES[quota];
  const { day, startMs } = days.today;
  return {
    key: `${quota} ${subject.id}`,
    period: daily ? day : '',
    ...{ amount, limit, shrinks, drains },
    count: () => countQuota(db, { subject, quota }, startMs),
  };
}

/** What is used of a quota now; `sinceMs`: the start of the day. */
export function countQuota(
  db: Database<QuotaTables>,
  { subject, quota }: { subject: CountedSubject; quota: CountedQuota },
  sinceMs: number,
): Promise<number> {
  switch (quota) {
    case 'tasks_per_day':
      return countTasks(db, subject, { sinceMs });
    case 'tasks_total':
      return countTasks(db, subject, { sinceMs: 0 });
    case 'tasks_waiting':
      return countTasks(db, subject, { states: ['held', 'queued'] });
    case 'stored_bytes':
      return sumStored(db, subject);
    case 'upload_bytes_per_day':
      return subject.column === 'owner_id' ? sumUploaded(db, subject.id, { sinceMs }) : Promise.resolve(0);
  }
}

/** True for a quota of which every day has its own. */
export function isDaily(quota: Quota): boolean {
  return quota !== 'tasks_running' && RULES[quota].daily;
}
