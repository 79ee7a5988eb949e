import type { Batch, BatchId, TaskId } from '@comfleet/contract';
import type { BatchRow, TaskRow } from '../platform/database/schema.ts';
import { AppError } from '../platform/errors/app-error.ts';
import { listBatchItems, loadBatchRow, viewBatch } from './batches.ts';
import type { Stages } from './stages.ts';
import { prepareSubmission, type SubmissionDeps } from './submission.ts';
import { cancelTask, enterAccepted } from './submit-tasks.ts';
import { acceptTasks, type NewTask } from './tasks/accept-tasks.ts';
import type { Actor } from './tasks/actor.ts';

/** Accepts all tasks of a batch in one transaction. */
export async function submitBatch(
  stages: Stages,
  deps: SubmissionDeps,
  request: {
    actor: Actor;
    body: Parameters<typeof listBatchItems>[0];
    graphText: string | null;
    idempotency: { key: string; bodyHash: string } | null;
  },
): Promise<{ batch: Batch; replayed: boolean }> {
  const { actor, body, graphText, idempotency } = request;
  const items = listBatchItems(body, graphText);
  await stages.admission(actor, items.length);
  const batchId = stages.createId<'batch'>();
  const tasks: NewTask[] = [];
  const seed = body.fixed_seed ? deps.drawSeed() : null;
  for (const [index, item] of items.entries()) {
    const options = { ...body, name: item.name ?? body.name };
    const itemDeps = seed === null ? deps : { ...deps, drawSeed: () => seed };
    const prepared = await prepareSubmission(itemDeps, {
      ownerId: actor.id,
      door: 'native',
      body: item.body,
      options,
      updates: item.updates,
    });
    tasks.push({ ...prepared.task, sealedSecrets: null, batch: { id: batchId, index } });
  }
  const row: BatchRow = {
    id: batchId,
    owner_id: actor.id,
    name: body.name ?? null,
    state: 'running',
    version: 1,
    priority: tasks[0]?.priority ?? 5,
    total: tasks.length,
    created_at: stages.database.nowMs(),
    ended_at: null,
  };
  const outcome = await acceptTasks(stages, tasks, {
    actor: actor.id,
    idempotency: idempotency ? { door: 'native-batch', ...idempotency } : null,
    batch: row,
  });
  if (outcome.kind === 'repeated') {
    const known = await loadBatchRow(stages.database, stages.visibleTo(actor), outcome.subjectId as BatchId);
    return { batch: await viewBatch(stages.database, known), replayed: true };
  }
  await enterAccepted(stages, outcome, []);
  return { batch: await viewBatch(stages.database, row), replayed: false };
}

/** Pause holds what waits, resume lets it go, cancel ends what has not ended. What runs goes on, except when canceled. */
export async function changeBatch(
  stages: Stages,
  actor: Actor,
  { id, change }: { id: BatchId; change: 'pause' | 'resume' | 'cancel' },
): Promise<Batch> {
  const { database } = stages;
  const row = await loadBatchRow(database, stages.visibleTo(actor), id);
  const state = ({ pause: 'paused', resume: 'running', cancel: 'canceled' } as const)[change];
  if (row.state === 'canceled' && state !== 'canceled') throw new AppError('CONFLICT', { status: row.state });
  const query = database.k
    .updateTable('batch')
    .set({ state, version: row.version + 1 })
    .where('id', '=', id)
    .where('version', '=', row.version);
  const outcome = await database.commit([{ query, rows: 1 }]);
  if (outcome.kind === 'refused') throw new AppError('CONFLICT', { batch_id: id });
  const tasks = await database.read(
    database.k
      .selectFrom('task')
      .selectAll()
      .where('batch_id', '=', id)
      .where('state', 'in', ['held', 'queued', 'running'])
      // From the end: what is canceled must not start in the place of what was canceled before it.
      .orderBy('batch_index', change === 'cancel' ? 'desc' : 'asc'),
  );
  for (const task of tasks) {
    if (change === 'cancel') await cancelTask(stages, task, actor.id);
    else if (change === 'pause' && task.state === 'queued') await pauseTask(stages, task);
    else if (change === 'resume' && task.held_reason === 'batch_paused')
      await stages.spine.held.release(task);
  }
  return viewBatch(database, await loadBatchRow(database, stages.visibleTo(actor), id));
}

async function pauseTask({ journal, queue }: Stages, task: TaskRow): Promise<void> {
  const held = await journal.change(task.id, (row) =>
    row.state === 'queued' ? { changes: [{ type: 'task.held', heldReason: 'batch_paused' }] } : null,
  );
  if (held) await queue.drop(task.id as TaskId);
}
