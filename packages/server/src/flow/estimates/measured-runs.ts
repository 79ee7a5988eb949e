import type { WorkerId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { TaskTables } from '../tasks/task-tables.ts';
import type { OpenRun } from './open-runs.ts';
import { toWorkflowKey } from './run-durations.ts';

/** How many ended tasks are read at a start, so that its cost does not grow with their number. */
const RECENT_TASKS = 2000;
const MAX_OPEN = 20_000;
const OPEN_STATES = ['claimed', 'submitted', 'running', 'collecting'] as const;

/** A task that succeeded, with its attempt and its estimates. */
export interface EndedRun {
  key: string;
  workerId: WorkerId;
  requirements: string;
  startedMs: number;
  endedMs: number;
  acceptedMs: number;
  workflow: string | null;
  taskType: string;
  /** Estimates from the details of the attempt's claim; JSON or null. */
  expected: string | null;
}

/** Selects the latest ended tasks, however they ended. */
function selectRecentTasks({ k }: Database<TaskTables>) {
  return k
    .selectFrom('task')
    .select([
      'id',
      'epoch',
      'state',
      'workflow_version_id',
      'workflow_name',
      'graph_hash',
      'lane',
      'task_type',
      'requirements',
      'created_at',
      'ended_at',
    ])
    .where('ended_at', 'is not', null)
    .orderBy('ended_at', 'desc')
    .limit(RECENT_TASKS)
    .as('recent');
}

/** Loads the latest tasks that succeeded, oldest first: one scan of the index of ends, then two lookups for each task. */
export async function loadEndedRuns(database: Database<TaskTables>): Promise<EndedRun[]> {
  const rows = await database.read(
    database.k
      .selectFrom(selectRecentTasks(database))
      .innerJoin('attempt', (join) =>
        join.onRef('attempt.task_id', '=', 'recent.id').onRef('attempt.epoch', '=', 'recent.epoch'),
      )
      .leftJoin('task_event', (join) =>
        join
          .onRef('task_event.task_id', '=', 'recent.id')
          .onRef('task_event.attempt_id', '=', 'attempt.id')
          .on('task_event.type', '=', 'attempt.claimed'),
      )
      .select([
        'recent.workflow_version_id',
        'recent.workflow_name',
        'recent.graph_hash',
        'recent.lane',
        'recent.task_type',
        'recent.requirements',
        'recent.created_at as accepted_at',
        'attempt.worker_id',
        'attempt.started_at',
        'attempt.ended_at',
        'task_event.details',
      ])
      .where('recent.state', '=', 'succeeded')
      .where('attempt.started_at', 'is not', null)
      .where('attempt.ended_at', 'is not', null)
      .orderBy('attempt.ended_at')
      .limit(RECENT_TASKS),
  );
  return rows.map(toEndedRun);
}

/** Loads attempts that an earlier process left open, in the order of their claims. */
export async function loadOpenRuns(database: Database<TaskTables>): Promise<OpenRun[]> {
  const rows = await database.read(
    database.k
      .selectFrom('attempt')
      .innerJoin('task', 'task.id', 'attempt.task_id')
      .select([
        'task.id',
        'task.workflow_version_id',
        'task.graph_hash',
        'task.lane',
        'task.task_type',
        'attempt.worker_id',
        'attempt.started_at',
      ])
      .where('attempt.state', 'in', [...OPEN_STATES])
      .where('task.state', '=', 'running')
      .orderBy('attempt.id')
      .limit(MAX_OPEN),
  );
  return rows.map((row) => ({
    taskId: row.id,
    workerId: row.worker_id,
    key: toWorkflowKey(row),
    startedMs: row.started_at,
    measurable: row.started_at !== null,
  }));
}

type EndedRow = Parameters<typeof toWorkflowKey>[0] & {
  requirements: string;
  workflow_name: string | null;
  accepted_at: number;
  worker_id: WorkerId;
  started_at: number | null;
  ended_at: number | null;
  details: string | null;
};

function toEndedRun(row: EndedRow): EndedRun {
  return {
    key: toWorkflowKey(row),
    workerId: row.worker_id,
    requirements: row.requirements,
    startedMs: Number(row.started_at),
    endedMs: Number(row.ended_at),
    acceptedMs: row.accepted_at,
    workflow: row.workflow_name,
    taskType: row.task_type,
    expected: row.details,
  };
}
