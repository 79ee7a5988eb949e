import { startTimeSlice } from '@comfleet/comfyui';
import { type Batch, type BatchId, isTerminal, type TaskId } from '@comfleet/contract';
import type { Database } from '../../../platform/database/database.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { Engine } from '../../engine/engine.ts';
import type { FlowTables } from '../../flow-tables.ts';
import type { Actor } from '../../ownership/actor.ts';
import { type OwnerFilter, requireChangeable, visibleTo } from '../../ownership/owner-filter.ts';
import type { TaskJournal } from '../../tasks/task-journal.ts';
import { streamBatchTasks } from '../../tasks/task-queries.ts';
import type { TaskRow } from '../../tasks/task-tables.ts';
import type { TaskIntake } from '../tasks/task-intake.ts';
import { loadBatchRow, MAX_BATCH, viewBatch } from './batches.ts';

export interface ChangeBatchDeps {
  database: Database<FlowTables>;
  clock: Clock;
  engine: Pick<Engine, 'enqueue' | 'drop'>;
  journal: TaskJournal;
  intake: Pick<TaskIntake, 'cancel'>;
}

type Change = 'pause' | 'resume' | 'cancel';

const STATE_AFTER = { pause: 'paused', resume: 'running', cancel: 'canceled' } as const;

/** Pause holds waiting tasks, resume releases them, cancel ends all unfinished ones. Running tasks are only stopped by cancel. */
export async function changeBatch(
  deps: ChangeBatchDeps,
  actor: Actor,
  { id, change }: { id: BatchId; change: Change },
): Promise<Batch> {
  const { database } = deps;
  const row = await loadBatchRow(database, visibleTo(actor), id);
  requireChangeable(actor, row);
  const state = STATE_AFTER[change];
  if (row.state === 'canceled' && state !== 'canceled') throw new AppError('CONFLICT', { status: row.state });
  const query = database.k
    .updateTable('batch')
    .set({ state, version: row.version + 1 })
    .where('id', '=', id)
    .where('version', '=', row.version);
  const outcome = await database.commit([{ query, rows: 1 }]);
  if (outcome.kind === 'refused') throw new AppError('CONFLICT', { batch_id: id });
  await changeTasks(deps, { id, owner: visibleTo(actor) }, { change, actor: actor.id });
  return viewBatch(database, await loadBatchRow(database, visibleTo(actor), id));
}

/**
 * Changes each task by itself, with its own event. Tasks that must no longer start leave their lane before the first commit, so
 * that none of them starts instead of one removed earlier. The commits of a page are sent together and share one disk write.
 */
async function changeTasks(
  deps: ChangeBatchDeps,
  { id, owner }: { id: BatchId; owner: OwnerFilter },
  { change, actor }: { change: Change; actor: string },
): Promise<void> {
  const { database, engine, clock } = deps;
  if (change !== 'resume') await engine.drop(await listOpenTasks(database, id));
  for await (const page of streamBatchTasks(database, owner, id, startTimeSlice(clock))) {
    const open = page.filter((task) => !isTerminal(task.state));
    await Promise.all(open.map((task) => changeTask(deps, task, { change, actor })));
  }
}

async function listOpenTasks(database: Database<FlowTables>, id: BatchId): Promise<TaskId[]> {
  const tasks = await database.read(
    database.k
      .selectFrom('task')
      .select('id')
      .where('batch_id', '=', id)
      .where('state', 'in', ['held', 'queued', 'running'])
      .limit(MAX_BATCH),
  );
  return tasks.map((task) => task.id);
}

async function changeTask(
  deps: ChangeBatchDeps,
  task: TaskRow,
  { change, actor }: { change: Change; actor: string },
): Promise<void> {
  if (change === 'cancel') await deps.intake.cancel(task, actor);
  else if (change === 'pause') await pauseTask(deps, task);
  else if (task.held_reason === 'batch_paused') await resumeTask(deps, task);
}

async function pauseTask({ journal, engine }: ChangeBatchDeps, task: TaskRow): Promise<void> {
  if (task.state !== 'queued') return;
  const held = await journal.change(
    task.id,
    (row) =>
      row.state === 'queued' ? { changes: [{ type: 'task.held', heldReason: 'batch_paused' }] } : null,
    task,
  );
  // It may have returned to its lane in the meantime, from a lost claim.
  if (held) await engine.drop([task.id]);
  else await reenter({ journal, engine }, task);
}

/** A task that was not changed returns to its position, if it still waits. */
async function reenter(
  { journal, engine }: Pick<ChangeBatchDeps, 'journal' | 'engine'>,
  task: TaskRow,
): Promise<void> {
  const now = await journal.load(task.id);
  if (now?.state === 'queued') await engine.enqueue([now]);
}

async function resumeTask({ journal, engine }: ChangeBatchDeps, task: TaskRow): Promise<void> {
  const queued = await journal.change(
    task.id,
    (row) => (row.held_reason === 'batch_paused' ? { changes: [{ type: 'task.queued' }] } : null),
    task,
  );
  if (queued) await engine.enqueue([queued]);
}
