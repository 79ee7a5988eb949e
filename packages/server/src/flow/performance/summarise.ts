import type { Durations, PerformanceGroup, TaskMeasures } from '@comfleet/contract';
import { findPercentile, type LogHistogram } from './log-histogram.ts';
import { createMeasures, type Measures, mergeMeasures, type Subject, type TaskGroup } from './task-groups.ts';

/** Which tasks; what is absent does not narrow. */
export interface PerformanceFilter {
  readonly ownerId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly workflow?: string | undefined;
  readonly workerId?: string | undefined;
}

export const NO_FILTER: PerformanceFilter = {};

export function isSelected(group: Subject, filter: PerformanceFilter): boolean {
  return (
    (filter.ownerId === undefined || group.ownerId === filter.ownerId) &&
    (filter.projectId === undefined || group.projectId === filter.projectId) &&
    (filter.workflow === undefined || group.workflow === filter.workflow) &&
    (filter.workerId === undefined || group.workerId === filter.workerId)
  );
}

/** What came of groups, by one of what they are about; filled one by one. */
export class Sums {
  readonly #by: PerformanceGroup;
  readonly #total = createMeasures();
  readonly #byKey = new Map<string | null, Measures>();

  constructor(by: PerformanceGroup) {
    this.#by = by;
  }

  add(group: TaskGroup): void {
    const key = keyOf(group, this.#by);
    const sum = this.#byKey.get(key) ?? createMeasures();
    this.#byKey.set(key, sum);
    mergeMeasures(sum, group);
    mergeMeasures(this.#total, group);
  }

  /** Everything together. */
  get total(): TaskMeasures {
    return toMeasures(this.#total);
  }

  /** Days in order, others by their number of tasks. */
  list(): Sum[] {
    const all = [...this.#byKey].map(([key, sum]) => ({ key, measures: toMeasures(sum) }));
    const order =
      this.#by === 'day' ? compareKeys : (one: Sum, other: Sum) => other.measures.tasks - one.measures.tasks;
    return all.sort((one, other) => order(one, other) || compareKeys(one, other));
  }
}

/** What came of the groups with the same key. */
export interface Sum {
  key: string | null;
  measures: TaskMeasures;
}

function compareKeys({ key: one }: Sum, { key: other }: Sum): number {
  if (one === other) return 0;
  return (one ?? '') < (other ?? '') ? -1 : 1;
}

function keyOf(group: TaskGroup, by: PerformanceGroup): string | null {
  switch (by) {
    case 'day':
      return group.day;
    case 'project':
      return group.projectId;
    case 'user':
      return group.ownerId;
    case 'workflow':
      return group.workflow;
    case 'worker':
      return group.workerId;
  }
}

function toMeasures({ counts, attempts, waits, runs }: Measures): TaskMeasures {
  const { succeeded, failed, canceled, expired } = counts;
  const judged = succeeded + failed;
  return {
    tasks: judged + canceled + expired,
    ...counts,
    success_rate: judged === 0 ? null : succeeded / judged,
    attempts,
    wait: toDurations(waits),
    run: toDurations(runs),
  };
}

function toDurations(histogram: LogHistogram): Durations {
  const { count, sumMs } = histogram;
  const find = (share: number) => toSeconds(findPercentile(histogram, share));
  return {
    count,
    average_seconds: toSeconds(count === 0 ? null : sumMs / count),
    p50_seconds: find(0.5),
    p95_seconds: find(0.95),
    p99_seconds: find(0.99),
  };
}

function toSeconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms) / 1000;
}
