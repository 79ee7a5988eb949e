import type { PerformanceGroup, TaskMeasures } from '@comfleet/contract';
import type { Database } from '../../../platform/database/database.ts';
import { addDays, dayOf } from '../../../platform/time/calendar-day.ts';
import { type PerformanceFilter, Sums } from '../../performance/summarise.ts';
import type { TaskPerformance } from '../../performance/task-performance.ts';

/** Which tasks, of which days. */
export interface PerformanceQuery extends PerformanceFilter {
  /** How many days, the last one included. */
  readonly days: number;
  /** The last day, `2026-03-29`; absent: today. */
  readonly until?: string | undefined;
  readonly by: PerformanceGroup;
}

/** What came of no tasks. */
export const NO_TASKS: TaskMeasures = new Sums('day').total;

/** What came of the tasks of some days. */
export interface PerformanceReport {
  readonly since: string;
  readonly until: string;
  readonly zone: string;
  readonly total: TaskMeasures;
  /** The same number of days before. */
  readonly before: TaskMeasures;
  readonly groups: readonly { readonly key: string | null; readonly measures: TaskMeasures }[];
}

/** Statistics of ended tasks that doors may ask for. */
export interface PerformanceCalls {
  /** Throws UNAVAILABLE if the days cannot be read as a whole. */
  report(query: PerformanceQuery): Promise<PerformanceReport>;
}

export function createPerformanceCalls(
  db: Pick<Database<unknown>, 'nowMs'>,
  { performance, zone }: { performance: TaskPerformance; zone: string },
): PerformanceCalls {
  return {
    report: async ({ days, until = dayOf(db.nowMs(), zone), by, ...filter }) => {
      const since = addDays(until, 1 - days);
      const [before, now] = [new Sums('day'), new Sums(by)];
      await performance.visit({ last: until, count: 2 * days, filter }, (group) =>
        (group.day < since ? before : now).add(group),
      );
      return { since, until, zone, total: now.total, before: before.total, groups: now.list() };
    },
  };
}
