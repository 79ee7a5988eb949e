import type { Batch, BatchId, TaskId } from '@comfleet/contract';
import type { BatchRow, TaskRow } from '../../../platform/database/schema.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import { createTurns } from '../../../platform/lifecycle/turns.ts';
import type { Stages } from '../../stages.ts';
import { acceptTasks, type NewTask } from '../../tasks/accept-tasks.ts';
import type { Actor } from '../../tasks/actor.ts';
import { prepareSubmission, type SubmissionDeps } from '../tasks/submission.ts';
import { cancelTask, enterAccepted } from '../tasks/submit-tasks.ts';
import { listBatchItems, loadBatchRow, MAX_BATCH, viewBatch } from './batches.ts';

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
  const turns = createTurns(stages.clock);
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
    await turns.next();
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

type Change = 'pause' | 'resume' | 'cancel';

const STATE_AFTER = { pause: 'paused', resume: 'running', cancel: 'canceled' } as const;

/** Pause holds what waits, resume lets it go, cancel ends what has not ended. What runs goes on, except when canceled. */
export async function changeBatch(
  stages: Stages,
  actor: Actor,
  { id, change }: { id: BatchId; change: Change },
): Promise<Batch> {
  const { database } = stages;
  const row = await loadBatchRow(database, stages.visibleTo(actor), id);
  const state = STATE_AFTER[change];
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
      .orderBy('batch_index')
      .limit(MAX_BATCH),
  );
  await changeTasks(stages, tasks, { change, actor: actor.id });
  return viewBatch(database, await loadBatchRow(database, stages.visibleTo(actor), id));
}

/** Tasks changed at a time: their commits travel together and share a write to the disk. */
const GROUP = 250;

/**
 * Each task's own change with its own event. What is not to start any more leaves its lane before the first commit, so
 * that nothing starts in the place of what was taken away before it.
 */
async function changeTasks(
  stages: Stages,
  tasks: readonly TaskRow[],
  { change, actor }: { change: Change; actor: string },
): Promise<void> {
  if (change !== 'resume') for (const task of tasks) await stages.queue.drop(task.id as TaskId);
  const turns = createTurns(stages.clock);
  for (let from = 0; from < tasks.length; from += GROUP) {
    const group = tasks.slice(from, from + GROUP);
    await Promise.all(group.map((task) => changeTask(stages, task, { change, actor })));
    await turns.next();
  }
}

async function changeTask(
  stages: Stages,
  task: TaskRow,
  { change, actor }: { change: Change; actor: string },
): Promise<void> {
  if (change === 'cancel') await cancelTask(stages, task, actor);
  else if (change === 'pause') await pauseTask(stages, task);
  else if (task.held_reason === 'batch_paused') await resumeTask(stages, task);
}

async function pauseTask({ journal, queue, spine }: Stages, task: TaskRow): Promise<void> {
  if (task.state !== 'queued') return;
  const held = await journal.change(
    task.id,
    (row) =>
      row.state === 'queued' ? { changes: [{ type: 'task.held', heldReason: 'batch_paused' }] } : null,
    task,
  );
  // It may have come back to its lane meanwhile, from a claim that was lost.
  if (held) await queue.drop(task.id as TaskId);
  else await reenter({ journal, spine }, task);
}

/** Without a change it stands where it stood, if it still waits. */
async function reenter({ journal, spine }: Pick<Stages, 'journal' | 'spine'>, task: TaskRow): Promise<void> {
  const now = await journal.load(task.id);
  if (now) await spine.enter(now);
}

async function resumeTask({ journal, spine }: Stages, task: TaskRow): Promise<void> {
  const queued = await journal.change(
    task.id,
    (row) => (row.held_reason === 'batch_paused' ? { changes: [{ type: 'task.queued' }] } : null),
    task,
  );
  if (queued) await spine.enter(queued);
}
