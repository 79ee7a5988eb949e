import type { Batch, BatchDetail, BatchId, StreamFrame, SubmitBatch } from '@comfleet/contract';
import type { Clock } from '../../../platform/time/clock.ts';
import type { Engine } from '../../engine/engine.ts';
import type { LiveUpdates } from '../../events/live-updates.ts';
import type { Actor } from '../../ownership/actor.ts';
import { visibleTo } from '../../ownership/owner-filter.ts';
import type { AcceptDeps } from '../../tasks/accept-tasks.ts';
import type { TaskJournal } from '../../tasks/task-journal.ts';
import type { TaskIntake } from '../tasks/task-intake.ts';
import type { TaskViews } from '../tasks/task-views.ts';
import { watchBatch } from '../tasks/watching.ts';
import { type BatchSelection, listBatches, loadBatchDetail, loadBatchRow, viewBatch } from './batches.ts';
import { changeBatch } from './change-batch.ts';
import { submitBatch } from './submit-batch.ts';

/** What doors may ask about batches. A batch of another owner looks unknown: BATCH_NOT_FOUND. */
export interface BatchCalls {
  submit(
    actor: Actor,
    /** Graph and values have their numbers as written. */
    body: SubmitBatch,
    idempotency?: { key: string; bodyHash: string },
  ): Promise<{ batch: Batch; replayed: boolean }>;
  load(actor: Actor, id: BatchId): Promise<BatchDetail>;
  /** Without its tasks. */
  find(actor: Actor, id: BatchId): Promise<Batch>;
  list(actor: Actor, selection: BatchSelection): Promise<{ batches: Batch[]; nextCursor: BatchId | null }>;
  change(actor: Actor, id: BatchId, change: 'pause' | 'resume' | 'cancel'): Promise<Batch>;
  /** A snapshot of each task, then live frames until all have ended. */
  watch(actor: Actor, id: BatchId, signal: AbortSignal): AsyncIterable<StreamFrame>;
}

export interface BatchCallsDeps extends Omit<AcceptDeps, 'laneOf' | 'nextSeq'> {
  clock: Clock;
  engine: Engine;
  live: LiveUpdates;
  journal: TaskJournal;
  views: TaskViews;
  intake: TaskIntake;
}

export function createBatchCalls(deps: BatchCallsDeps): BatchCalls {
  return {
    submit: (actor, body, idempotency) =>
      submitBatch(deps, { actor, body, idempotency: idempotency ?? null }),
    load: (actor, id) => loadBatchDetail(deps, visibleTo(actor), id),
    find: async (actor, id) =>
      viewBatch(deps.database, await loadBatchRow(deps.database, visibleTo(actor), id)),
    list: (actor, selection) => listBatches(deps, visibleTo(actor), selection),
    change: (actor, id, change) => changeBatch(deps, actor, { id, change }),
    watch: async function* (actor, id, signal) {
      await loadBatchRow(deps.database, visibleTo(actor), id);
      yield* watchBatch(deps, visibleTo(actor), id, signal);
    },
  };
}
