import type { Decision, RecordedError } from '@comfleet/contract';
import type { TaskChange } from './task-change.ts';
import type { PlanChange } from './task-journal.ts';
import type { TaskRow } from './task-tables.ts';

export interface DecisionPlan {
  decision: Decision;
  /** Who decided. */
  actor: string;
  /** It then waits with its batch. */
  isBatchPaused: boolean;
  writesAtEnd: (task: TaskRow) => NonNullable<ReturnType<PlanChange>>['writes'];
}

/**
 * What a user's decision does to a task that may have been paid for: it waits for a worker again, or fails with the cause for
 * which it was held. Null for a task that waits for no decision (any more).
 */
export function planDecision({ decision, actor, isBatchPaused, writesAtEnd }: DecisionPlan): PlanChange {
  return (task) => {
    if (task.state !== 'held' || task.held_reason !== 'needs_decision') return null;
    const details = { decision };
    if (decision === 'give_up') {
      const error = readCause(task);
      return { changes: [{ type: 'task.failed', actor, error, details }], writes: writesAtEnd(task) };
    }
    const next: TaskChange = isBatchPaused
      ? { type: 'task.held', heldReason: 'batch_paused' }
      : { type: 'task.queued' };
    return { changes: [{ ...next, actor, details }] };
  };
}

/** Written with the reason, by this program only. */
function readCause({ error }: TaskRow): RecordedError | undefined {
  return error === null ? undefined : (JSON.parse(error) as RecordedError);
}
