import { startTimeSlice } from '@comfleet/comfyui';
import type { Batch, BatchId, Id, IdKind } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { Database } from '../../../platform/database/database.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { FlowTables } from '../../flow-tables.ts';
import type { Actor } from '../../ownership/actor.ts';
import { visibleTo } from '../../ownership/owner-filter.ts';
import type { NewTask } from '../../tasks/accept-tasks.ts';
import { loadKeySubject } from '../../tasks/idempotency-keys.ts';
import type { BatchRow } from '../../tasks/task-tables.ts';
import type { GraphLimits } from '../../workflows/settings.ts';
import { readProject } from '../tasks/read-project.ts';
import type { Admitted, TaskIntake } from '../tasks/task-intake.ts';
import { listBatchItems, loadBatchRow, viewBatch } from './batches.ts';

function refuseLarge(bytes: number, { batchBytes: limit }: GraphLimits): void {
  if (bytes > limit)
    throw new AppError('BODY_TOO_LARGE', {
      reason: 'batch_too_large',
      limit_bytes: limit,
      setting: 'limits.batch_graph_bytes',
    });
}

/** Equal graphs are held in memory once. */
function shareText<T extends { graphText: string }>(task: T, before: T | NewTask | undefined): T {
  return task.graphText === before?.graphText ? { ...task, graphText: before.graphText } : task;
}

/** Warns about tasks with the same graph as another, unless that was requested. Pure. */
function warnOfRepeats(tasks: readonly NewTask[], isWanted: boolean): TaskText[] {
  const count = tasks.length - new Set(tasks.map((task) => task.graphText)).size;
  if (isWanted || count === 0) return [];
  return [{ code: 'warning.repeated_tasks', params: { count, total: tasks.length } }];
}

export interface SubmitBatchDeps {
  database: Database<FlowTables>;
  clock: Clock;
  createId: <K extends IdKind>() => Id<K>;
  intake: TaskIntake;
}

/** The row of a batch; its tasks have one owner, project and priority. */
function toBatchRow(
  id: BatchId,
  tasks: readonly NewTask[],
  { name, nowMs }: { name: string | null; nowMs: number },
): BatchRow {
  const [first] = tasks;
  if (!first) throw new AppError('INTERNAL', { reason: 'a batch without tasks' });
  return {
    id,
    owner_id: first.ownerId,
    project_id: first.projectId,
    name,
    state: 'running',
    version: 1,
    priority: first.priority,
    total: tasks.length,
    created_at: nowMs,
    ended_at: null,
  };
}

interface BatchRequest {
  actor: Actor;
  body: Parameters<typeof listBatchItems>[0];
  idempotency: { key: string; bodyHash: string } | null;
}

/** Accepts all tasks of a batch in one transaction. */
export async function submitBatch(
  deps: SubmitBatchDeps,
  request: BatchRequest,
): Promise<{ batch: Batch; replayed: boolean }> {
  const items = listBatchItems(request.body);
  const { actor, body } = request;
  const counted = { ownerId: actor.id, projectId: readProject(actor, body.project_id) };
  return deps.intake.admit(counted, items.length, (keep) => acceptBatch(deps, { ...request, keep }, items));
}

async function acceptBatch(
  deps: SubmitBatchDeps,
  { actor, body, idempotency, keep }: BatchRequest & Admitted,
  items: ReturnType<typeof listBatchItems>,
): Promise<{ batch: Batch; replayed: boolean }> {
  const { database, clock, createId, intake } = deps;
  const batchId = createId<'batch'>();
  const tasks: NewTask[] = [];
  const seed = body.fixed_seed ? intake.drawSeed() : null;
  const slice = startTimeSlice(clock);
  const prepare = intake.prepareMany();
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const options = { ...body, name: item.name ?? body.name };
    const prepared = await prepare({
      actor,
      door: 'native',
      body: item.body,
      options,
      updates: item.updates,
      ...(seed !== null && { seed }),
    });
    bytes += prepared.task.graphText.length;
    // Tasks of one graph are alike: refused at the first.
    refuseLarge(body.graph ? prepared.task.graphText.length * items.length : bytes, intake.limits);
    const task = shareText(prepared.task, tasks.at(-1));
    tasks.push({ ...task, sealedSecrets: null, batch: { id: batchId, index } });
    await slice.yieldIfSpent();
  }
  const row = toBatchRow(batchId, tasks, { name: body.name ?? null, nowMs: database.nowMs() });
  const outcome = await intake.accept(tasks, {
    actor: actor.id,
    idempotency: idempotency ? { door: 'native-batch', ...idempotency } : null,
    batch: row,
    keep,
  });
  if (outcome.kind === 'repeated') {
    const knownId = await loadKeySubject<'batch'>(database, actor.id, outcome.key);
    const known = await loadBatchRow(database, visibleTo(actor), knownId);
    return { batch: await viewBatch(database, known), replayed: true };
  }
  const batch = await viewBatch(database, row);
  return {
    batch: { ...batch, warning_texts: warnOfRepeats(tasks, body.fixed_seed === true) },
    replayed: false,
  };
}
