import type { TimeSlice } from '@comfleet/comfyui';
import {
  type AttemptId,
  type BatchId,
  type Fingerprint,
  type HeldReason,
  lowestId,
  type ProjectId,
  type TaskId,
  type TaskState,
  type WorkerId,
} from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { Database } from '../../platform/database/database.ts';
import { statement } from '../../platform/database/statement.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Actor } from '../ownership/actor.ts';
import {
  matchesOwner,
  type OwnerFilter,
  requireChangeable,
  visibleTo,
  whereOwner,
} from '../ownership/owner-filter.ts';
import { findTask } from './task-rows.ts';
import type {
  AttemptFingerprintRow,
  AttemptRow,
  TaskEventRow,
  TaskRow,
  TaskTables,
  TaskWarningRow,
} from './task-tables.ts';

/** Filter and page of a list of tasks; doors build it from their query strings. */
export interface TaskSelection {
  states?: readonly TaskState[];
  heldReason?: HeldReason;
  taskType?: string;
  workerId?: WorkerId;
  batchId?: BatchId;
  projectId?: ProjectId;
  sinceMs?: number;
  untilMs?: number;
  limit: number;
  /** The last task of the previous page. */
  cursor?: TaskId;
}

/** Loads a task that the caller may see. Throws TASK_NOT_FOUND, also for tasks of others. */
export async function loadVisibleTask(
  database: Database<TaskTables>,
  owner: OwnerFilter,
  id: TaskId,
): Promise<TaskRow> {
  const [row] = await database.read(findTask(database.k, id));
  if (!row || !matchesOwner(owner, row)) throw new AppError('TASK_NOT_FOUND', { task_id: id });
  return row;
}

/** The same for a task that the caller may change; PROJECT_READ_ONLY for one that it sees as a viewer only. */
export async function loadChangeableTask(
  database: Database<TaskTables>,
  actor: Actor,
  id: TaskId,
): Promise<TaskRow> {
  const row = await loadVisibleTask(database, visibleTo(actor), id);
  requireChangeable(actor, row);
  return row;
}

/** Lists tasks, newest first, with the exact total and the cursor of the next page (an id; ids sort by time). */
export async function listVisibleTasks(
  database: Database<TaskTables>,
  owner: OwnerFilter,
  selection: TaskSelection,
): Promise<{ rows: TaskRow[]; total: number; nextCursor: TaskId | null }> {
  const filtered = filterTasks(database, owner, selection);
  const counted = await database.read(filtered.select((eb) => eb.fn.countAll<number>().as('total')));
  let page = filtered
    .selectAll()
    .orderBy('id', 'desc')
    .limit(selection.limit + 1);
  if (selection.cursor) page = page.where('id', '<', selection.cursor);
  const rows = await database.read(page);
  const more = rows.length > selection.limit;
  const shown = more ? rows.slice(0, selection.limit) : rows;
  return {
    rows: shown,
    total: Number(counted[0]?.total ?? 0),
    nextCursor: more ? (shown.at(-1)?.id ?? null) : null,
  };
}

/** How many tasks of a batch are read and shown at a time; other work runs in between. */
const BATCH_PAGE = 250;

/** Streams the visible tasks of a batch in their order, page by page. */
export async function* streamBatchTasks(
  database: Database<TaskTables>,
  owner: OwnerFilter,
  batchId: BatchId,
  slice: TimeSlice,
): AsyncIterable<TaskRow[]> {
  const tasks = filterTasks(database, owner, { batchId })
    .selectAll()
    .orderBy('batch_index')
    .limit(BATCH_PAGE);
  for (let after = -1; ; ) {
    const page = await database.read(tasks.where('batch_index', '>', after));
    if (page.length > 0) yield page;
    if (page.length < BATCH_PAGE) return;
    await slice.yieldIfSpent();
    after = page.at(-1)?.batch_index ?? after;
  }
}

function filterTasks(
  database: Database<TaskTables>,
  owner: OwnerFilter,
  selection: Omit<TaskSelection, 'limit'>,
) {
  let query = database.k.selectFrom('task').where('door', '!=', 'trial');
  if (owner.kind !== 'all') query = query.where(whereOwner(owner));
  if (selection.states?.length) query = query.where('state', 'in', [...selection.states]);
  if (selection.heldReason) query = query.where('held_reason', '=', selection.heldReason);
  if (selection.taskType) query = query.where('task_type', '=', selection.taskType);
  if (selection.workerId) query = query.where('worker_id', '=', selection.workerId);
  if (selection.projectId) query = query.where('project_id', '=', selection.projectId);
  if (selection.batchId) query = query.where('batch_id', '=', selection.batchId);
  if (selection.sinceMs !== undefined) query = query.where('created_at', '>=', selection.sinceMs);
  if (selection.untilMs !== undefined) query = query.where('created_at', '<', selection.untilMs);
  return query;
}

const selectAttempts = statement<TaskTables, { taskId: TaskId }, AttemptRow>((k, p) =>
  k.selectFrom('attempt').selectAll().where('task_id', '=', p.taskId).orderBy('number').limit(100),
);

/** Loads the attempts of a task, oldest first. */
export async function loadAttempts(database: Database<TaskTables>, taskId: TaskId): Promise<AttemptRow[]> {
  return database.read(selectAttempts(database.k, { taskId }));
}

const selectFingerprints = statement<TaskTables, { taskId: TaskId }, AttemptFingerprintRow>((k, p) =>
  k.selectFrom('attempt_fingerprint').selectAll().where('task_id', '=', p.taskId).limit(100),
);

/** Loads what the attempts of a task ran with; attempts of older versions have none. */
export async function loadFingerprints(
  database: Database<TaskTables>,
  taskId: TaskId,
): Promise<Map<AttemptId, Fingerprint>> {
  const rows = await database.read(selectFingerprints(database.k, { taskId }));
  // Only this program writes them.
  return new Map(rows.map((row) => [row.attempt_id, JSON.parse(row.fingerprint) as Fingerprint]));
}

const selectWarnings = statement<TaskTables, { taskId: TaskId }, TaskWarningRow>((k, p) =>
  k.selectFrom('task_warning').selectAll().where('task_id', '=', p.taskId).orderBy('at').limit(10),
);
const MAX_WARNED = 10_000;

/** Loads the warnings of tasks, in their order. */
export async function findTaskWarnings(
  database: Database<TaskTables>,
  taskIds: readonly TaskId[],
): Promise<Map<TaskId, TaskText[]>> {
  const [only] = taskIds;
  const warnings = new Map<TaskId, TaskText[]>();
  if (!only) return warnings;
  const rows = await database.read(
    taskIds.length === 1
      ? selectWarnings(database.k, { taskId: only })
      : database.k
          .selectFrom('task_warning')
          .selectAll()
          .where('task_id', 'in', [...taskIds])
          .orderBy('at')
          .limit(MAX_WARNED),
  );
  for (const row of rows) {
    const stored = JSON.parse(row.warnings) as TaskText[];
    warnings.set(row.task_id, [...(warnings.get(row.task_id) ?? []), ...stored]);
  }
  return warnings;
}

const selectEvents = statement<TaskTables, { taskId: TaskId; after: number }, TaskEventRow>((k, p) =>
  k
    .selectFrom('task_event')
    .selectAll()
    .where('task_id', '=', p.taskId)
    .where('number', '>', p.after)
    .orderBy('number')
    .limit(1000),
);

/** Loads the events of a task after a number, in order. */
export async function loadEventRows(
  database: Database<TaskTables>,
  taskId: TaskId,
  after: number,
): Promise<TaskEventRow[]> {
  return database.read(selectEvents(database.k, { taskId, after }));
}

const selectLastClaim = statement<TaskTables, { taskId: TaskId }, TaskEventRow>((k, p) =>
  k
    .selectFrom('task_event')
    .selectAll()
    .where('task_id', '=', p.taskId)
    .where('type', '=', 'attempt.claimed')
    .orderBy('number', 'desc')
    .limit(1),
);

/** Finds the latest claim of a task, with its placement; null before the first. */
export async function findLastClaim(
  database: Database<TaskTables>,
  taskId: TaskId,
): Promise<{ at: number; workerId: WorkerId | null; placement: unknown } | null> {
  const [event] = await database.read(selectLastClaim(database.k, { taskId }));
  if (!event) return null;
  const details = JSON.parse(event.details ?? '{}') as { placement?: unknown };
  return { at: event.at, workerId: event.worker_id, placement: details.placement };
}

/** Columns that a queue is rebuilt from; the texts of many waiting tasks would slow a start down. */
const WAITING_COLUMNS = [
  'id',
  'state',
  'held_reason',
  'owner_id',
  'project_id',
  'priority',
  'accepted_seq',
  'task_type',
  'workflow_version_id',
  'graph_hash',
  'lane',
  'requirements',
  'ended_at',
] as const satisfies readonly (keyof TaskRow)[];

export type WaitingRow = Pick<TaskRow, (typeof WAITING_COLUMNS)[number]>;

const WAITING_PAGE = 1000;

/** Streams all waiting tasks of one state in acceptance order, page by page. */
export async function* streamWaitingTasks(
  database: Database<TaskTables>,
  state: 'queued' | 'held',
): AsyncIterable<WaitingRow> {
  for (let after = lowestId<'task'>(); ; ) {
    const rows = await database.read(
      database.k
        .selectFrom('task')
        .select(WAITING_COLUMNS)
        // One state at a time: the index has each in order, but not both together.
        .where('state', '=', state)
        .where('id', '>', after)
        .orderBy('id')
        .limit(WAITING_PAGE),
    );
    yield* rows;
    if (rows.length < WAITING_PAGE) return;
    after = rows.at(-1)?.id ?? after;
  }
}

/** Loads held tasks that are due, oldest first. */
export async function loadDueTasks(database: Database<TaskTables>, nowMs: number): Promise<TaskRow[]> {
  return database.read(
    database.k
      .selectFrom('task')
      .selectAll()
      .where('state', '=', 'held')
      .where('due_at', '<=', nowMs)
      .orderBy('due_at')
      .limit(500),
  );
}

/** True when the task's batch is paused: it waits until the batch is resumed, whatever else it waits for. */
export async function isBatchPaused(database: Database<TaskTables>, task: TaskRow): Promise<boolean> {
  if (task.batch_id === null) return false;
  const [batch] = await database.read(
    database.k.selectFrom('batch').select('state').where('id', '=', task.batch_id),
  );
  return batch?.state === 'paused';
}
