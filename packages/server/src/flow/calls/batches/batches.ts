import { startTimeSlice } from '@comfleet/comfyui';
import {
  type Batch,
  type BatchCounts,
  type BatchDetail,
  type BatchId,
  isTerminal,
  type ProjectId,
  plainText,
  type SubmitBatch,
  type Task,
  type TaskState,
} from '@comfleet/contract';
import { type TaskText, toTaskSentence } from '@comfleet/contract/texts/tasks';
import type { Database } from '../../../platform/database/database.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { matchesOwner, type OwnerFilter, whereOwner } from '../../ownership/owner-filter.ts';
import { streamBatchTasks } from '../../tasks/task-queries.ts';
import type { BatchRow, TaskTables } from '../../tasks/task-tables.ts';
import type { NodeUpdate } from '../../workflows/bind-updates.ts';
import type { SubmitBody } from '../tasks/prepare-submission.ts';
import type { TaskViews } from '../tasks/task-views.ts';

/** One task of a batch before it is bound. */
export interface BatchItem {
  body: SubmitBody;
  updates: NodeUpdate[];
  name: string | null;
}

const DEFAULT_IMAGES_PER_DESCRIPTION = 4;
export const MAX_BATCH = 10_000;

/**
 * The items of a batch, in order: its list of tasks, or every description repeated as requested (BG1). Items draw their own seeds
 * unless the seed is fixed (BG9).
 */
export function listBatchItems(batch: SubmitBatch): BatchItem[] {
  const shared = batch.parameters ?? {};
  const make = (own: Record<string, unknown>, updates: NodeUpdate[], name: string | null): BatchItem => ({
    body: batch.graph
      ? { kind: 'graph', graph: batch.graph }
      : {
          kind: 'workflow',
          workflowName: batch.workflow_name,
          taskType: batch.task_type,
          parameters: { ...shared, ...own },
        },
    updates,
    name,
  });
  if (batch.tasks)
    return batch.tasks.map((item) => make(item.parameters ?? {}, toUpdates(item.updates), item.name ?? null));
  const times = batch.images_per_description ?? DEFAULT_IMAGES_PER_DESCRIPTION;
  const descriptions = batch.descriptions ?? [];
  const items = descriptions.flatMap((prompt) =>
    Array.from({ length: times }, () => make({ prompt }, [], null)),
  );
  if (items.length === 0)
    throw new AppError('INVALID_REQUEST', { message_text: plainText('reason.empty_batch') });
  if (items.length > MAX_BATCH)
    throw new AppError('INVALID_REQUEST', {
      tasks: items.length,
      max_tasks: MAX_BATCH,
      message_text: { code: 'reason.large_batch', params: { tasks: items.length, limit: MAX_BATCH } },
    });
  return items;
}

function toUpdates(
  updates: readonly { node_id: string; input_name: string; value?: unknown }[] = [],
): NodeUpdate[] {
  return updates.map((update) => ({
    node_id: update.node_id,
    input_name: update.input_name,
    value: update.value,
  }));
}

export interface BatchDeps {
  database: Database<TaskTables>;
  views: TaskViews;
  clock: Clock;
}

/** Loads a batch that the caller may see; BATCH_NOT_FOUND for any other id. */
export async function loadBatchRow(
  database: Database<TaskTables>,
  owner: OwnerFilter,
  id: BatchId,
): Promise<BatchRow> {
  const [row] = await database.read(database.k.selectFrom('batch').selectAll().where('id', '=', id));
  if (!row || !matchesOwner(owner, row)) throw new AppError('BATCH_NOT_FOUND', { batch_id: id });
  return row;
}

/** Loads a batch with its tasks in the order they were given. */
export async function loadBatchDetail(
  deps: BatchDeps,
  owner: OwnerFilter,
  id: BatchId,
): Promise<BatchDetail> {
  const row = await loadBatchRow(deps.database, owner, id);
  const batch = await viewBatch(deps.database, row);
  const tasks: Task[] = [];
  for await (const page of streamBatchTasks(deps.database, owner, id, startTimeSlice(deps.clock)))
    tasks.push(...(await deps.views.viewAll(page)));
  return { ...batch, tasks };
}

/** Counts and state are derived from the tasks, never stored. */
export async function viewBatch(database: Database<TaskTables>, row: BatchRow): Promise<Batch> {
  const tasks = await database.read(
    database.k
      .selectFrom('task')
      .select(['id', 'state', 'ended_at'])
      .where('batch_id', '=', row.id)
      .orderBy('batch_index')
      .limit(MAX_BATCH),
  );
  const counts = countStates(tasks.map((task) => task.state));
  const ended = counts.total > 0 && tasks.every((task) => isTerminal(task.state));
  const endedAt = ended ? Math.max(...tasks.map((task) => task.ended_at ?? 0)) : null;
  const status = ended && row.state !== 'canceled' ? 'finished' : row.state;
  const text = describeBatch(status, counts);
  return {
    batch_id: row.id,
    project_id: row.project_id,
    name: row.name,
    status,
    message: toTaskSentence(text),
    message_text: text,
    priority: row.priority,
    counts,
    progress: counts.total === 0 ? 0 : (counts.total - counts.waiting - counts.running) / counts.total,
    created_at: new Date(row.created_at).toISOString(),
    completed_at: endedAt === null ? null : new Date(endedAt).toISOString(),
    duration_seconds: endedAt === null ? null : Math.round((endedAt - row.created_at) / 10) / 100,
    task_ids: tasks.map((task) => task.id),
  };
}

function countStates(states: readonly TaskState[]): BatchCounts {
  const count = (...wanted: TaskState[]) => states.filter((state) => wanted.includes(state)).length;
  return {
    total: states.length,
    waiting: count('held', 'queued'),
    running: count('running'),
    succeeded: count('succeeded'),
    failed: count('failed'),
    canceled: count('canceled'),
    expired: count('expired'),
  };
}

function describeBatch(status: Batch['status'], { succeeded, total, failed }: BatchCounts): TaskText {
  const isPaused = status === 'paused';
  if (failed === 0)
    return { code: isPaused ? 'batch.paused' : 'batch.progress', params: { succeeded, total } };
  const params = { succeeded, total, failed };
  return { code: isPaused ? 'batch.paused_failed' : 'batch.progress_failed', params };
}

/** Filter and page of a list of batches. */
export interface BatchSelection {
  projectId?: ProjectId;
  limit: number;
  /** The last batch of the previous page. */
  cursor?: BatchId;
}

/** Lists batches, newest first. */
export async function listBatches(
  deps: BatchDeps,
  owner: OwnerFilter,
  selection: BatchSelection,
): Promise<{ batches: Batch[]; nextCursor: BatchId | null }> {
  const { database } = deps;
  const { limit, cursor, projectId } = selection;
  let query = database.k
    .selectFrom('batch')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(limit + 1);
  if (owner.kind !== 'all') query = query.where(whereOwner(owner));
  if (projectId) query = query.where('project_id', '=', projectId);
  if (cursor) query = query.where('id', '<', cursor);
  const rows = await database.read(query);
  const shown = rows.slice(0, limit);
  const batches: Batch[] = [];
  const slice = startTimeSlice(deps.clock);
  for (const row of shown) {
    batches.push(await viewBatch(database, row));
    await slice.yieldIfSpent();
  }
  return { batches, nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null };
}
