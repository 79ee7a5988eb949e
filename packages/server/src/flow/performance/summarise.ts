import type { Durations, PerformanceGroup, TaskMeasures } from '@comfleet/contract';
import { findPercentile, type LogHistogram } from './log-histogram.ts';
import { createMeasures, type Measures, mergeMeasures, type TaskGroup } from './task-groups.ts';

/** Which tasks; what is absent does not narrow. */
export interface PerformanceFilter {
  readonly ownerId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly workflow?: string | undefined;
  readonly workerId?: string | undefined;
}

export function isSelected(group: TaskGroup, filter: PerformanceFilter): boolean {
  return (
    (filter.ownerId === undefined || group.ownerId === filter.ownerId) &&
    (filter.projectId === undefined || group.projectId === filter.projectId) &&
    (filter.workflow === undefined || group.workflow === filter.workflow) &&
    (filter.workerId === undefined || group.workerId === filter.workerId)
  );
}

/** Everything together. */
export function sumGroups(groups: Iterable<TaskGroup>): TaskMeasures {
  const total = createMeasures();
  for (const group of groups) mergeMeasures(total, group);
  return toMeasures(total);
}

/** Together by one of what groups are about: days in order, others by their number of tasks. */
export function groupBy(
  groups: Iterable<TaskGroup>,
  by: PerformanceGroup,
): { key: string | null; measures: TaskMeasures }[] {
  const sums = new Map<string | null, Measures>();
  for (const group of groups) {
    const key = keyOf(group, by);
    const sum = sums.get(key) ?? createMeasures();
    sums.set(key, sum);
    mergeMeasures(sum, group);
  }
  const all = [...sums].map(([key, sum]) => ({ key, measures: toMeasures(sum) }));
  const order =
    by === 'day' ? compareKeys : (one: Sum, other: Sum) => other.measures.tasks - one.measures.tasks;
  return all.sort((one, other) => order(one, other) || compareKeys(one, other));
}

interface Sum {
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
