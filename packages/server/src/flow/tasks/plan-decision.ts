import type { Decision, RecordedError } from '@comfleet/contract';
import type { TaskChange } from './task-change.ts';
import type { PlanChange } from './task-journal.ts';
import type { TaskRow } from './task-tables.ts';

export interface DecisionPlan {
  decision: Decision;
  /** Who decided. */
  actor: string;
  /** True when the task then waits with its paused batch. */
  isBatchPaused: boolean;
  writesAtEnd: (task: TaskRow) => NonNullable<ReturnType<PlanChange>>['writes'];
}

/**
 * Plans a user's decision on a task with paid nodes that may have run: it waits for a worker again, or fails with the cause for
 * which it was held. Null for a task that does not wait for a decision.
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

/** Reads the cause, which only this program writes. */
function readCause({ error }: TaskRow): RecordedError | undefined {
  return error === null ? undefined : (JSON.parse(error) as RecordedError);
}
