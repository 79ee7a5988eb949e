import { createHash } from 'node:crypto';
import {
  type PrincipalId,
  type ProjectId,
  TERMINAL_STATES,
  type TerminalState,
  type WorkerId,
} from '@comfleet/contract';
import type { TaskRow } from '../tasks/task-tables.ts';
import {
  addValue,
  createHistogram,
  type LogHistogram,
  mergeHistogram,
  readHistogram,
  writeHistogram,
} from './log-histogram.ts';
import type { RollupRow } from './rollup-tables.ts';

/** What statistics need of an ended task. */
export const MEASURED_COLUMNS = [
  'id',
  'owner_id',
  'project_id',
  'workflow_name',
  'worker_id',
  'state',
  'door',
  'attempt_count',
  'created_at',
  'started_at',
  'ended_at',
] as const satisfies readonly (keyof TaskRow)[];
export type MeasuredTask = Pick<TaskRow, (typeof MEASURED_COLUMNS)[number]>;

/** Counts and durations of tasks. */
export interface Measures {
  counts: Record<TerminalState, number>;
  attempts: number;
  waits: LogHistogram;
  runs: LogHistogram;
}

/** What the tasks of a group have in common, beside the day. */
export interface Subject {
  readonly ownerId: PrincipalId;
  readonly projectId: ProjectId | null;
  readonly workflow: string | null;
  readonly workerId: WorkerId | null;
}

/** Tasks of one day that have the same owner, project, workflow and worker. */
export interface TaskGroup extends Measures, Subject {
  readonly day: string;
}

export function createMeasures(): Measures {
  return {
    counts: { succeeded: 0, failed: 0, canceled: 0, expired: 0 },
    attempts: 0,
    waits: createHistogram(),
    runs: createHistogram(),
  };
}

/** Groups by what they are about. */
export type TaskGroups = Map<string, TaskGroup>;

/** Adds an ended task; trials of `comfleet verify` do not count. `dayOf`: the day of a time in epoch ms. */
export function addTask(groups: TaskGroups, task: MeasuredTask, dayOf: (atMs: number) => string): void {
  const state = TERMINAL_STATES.find((terminal) => terminal === task.state);
  if (state === undefined || task.ended_at === null || task.door === 'trial') return;
  const group = open(groups, { day: dayOf(Number(task.ended_at)), ...toSubject(task) });
  group.counts[state] += 1;
  group.attempts += Number(task.attempt_count);
  if (task.started_at === null) return;
  addValue(group.waits, Number(task.started_at) - Number(task.created_at));
  if (state === 'succeeded') addValue(group.runs, Number(task.ended_at) - Number(task.started_at));
}

/** Adds what a stored row has. */
export function addRow(groups: TaskGroups, row: RollupRow): void {
  mergeMeasures(
    open(groups, {
      day: row.day,
      ...toSubject(row),
    }),
    {
      counts: {
        succeeded: Number(row.succeeded),
        failed: Number(row.failed),
        canceled: Number(row.canceled),
        expired: Number(row.expired),
      },
      attempts: Number(row.attempts),
      waits: readHistogram(row.waits),
      runs: readHistogram(row.runs),
    },
  );
}

/** Whose a task or a row is, what ran and where. */
export function toSubject(
  row: Pick<RollupRow, 'owner_id' | 'project_id' | 'workflow_name' | 'worker_id'>,
): Subject {
  return {
    ownerId: row.owner_id,
    projectId: row.project_id,
    workflow: row.workflow_name,
    workerId: row.worker_id,
  };
}

export function mergeMeasures(into: Measures, from: Measures): void {
  for (const state of TERMINAL_STATES) into.counts[state] += from.counts[state];
  into.attempts += from.attempts;
  mergeHistogram(into.waits, from.waits);
  mergeHistogram(into.runs, from.runs);
}

type About = Subject & Pick<TaskGroup, 'day'>;

/** The stored form of a group. */
export function toRow(group: TaskGroup, version: number): RollupRow {
  return {
    ...{ id: toKey(group), version, day: group.day },
    ...{ owner_id: group.ownerId, project_id: group.projectId },
    ...{ workflow_name: group.workflow, worker_id: group.workerId },
    ...group.counts,
    attempts: group.attempts,
    waits: writeHistogram(group.waits),
    runs: writeHistogram(group.runs),
  };
}

function open(groups: TaskGroups, about: About): TaskGroup {
  const key = toKey(about);
  const known = groups.get(key);
  if (known) return known;
  const group = { ...about, ...createMeasures() };
  groups.set(key, group);
  return group;
}

function toKey({ day, ownerId, projectId, workflow, workerId }: About): string {
  const about = JSON.stringify([day, ownerId, projectId, workflow, workerId]);
  return createHash('sha256').update(about).digest('hex');
}
