import {
  type HeldReason,
  isErrorCode,
  plainText,
  type RecordedError,
  type TaskState,
} from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';

/** What of a task tells where it is. */
export interface DescribedTask {
  state: TaskState;
  held_reason: HeldReason | null;
  cancel_requested_at: number | null;
  ended_at: number | null;
  /** JSON of the error that ended it, or for which it waits for a decision. */
  error: string | null;
}

/** Where a task is, for people; `queuePosition` counts those ahead of it. */
export function describeTask(task: DescribedTask, queuePosition: number | null): TaskText {
  if (task.cancel_requested_at !== null && task.ended_at === null) return plainText('task.canceling');
  switch (task.state) {
    case 'held':
      return describeHolding(task.held_reason, task.error);
    case 'queued':
      return queuePosition === null
        ? plainText('task.waiting')
        : { code: 'task.ahead', params: { ahead: queuePosition } };
    case 'failed':
      return describeFailure(task.error);
    case 'running':
    case 'succeeded':
    case 'canceled':
    case 'expired':
      return plainText(`task.${task.state}`);
    default: {
      const unknownState: never = task.state;
      return unknownState;
    }
  }
}

function describeHolding(reason: HeldReason | null, error: string | null): TaskText {
  if (reason === null) return plainText('task.waiting');
  if (reason !== 'needs_decision') return plainText(`held.${reason}`);
  return { code: 'held.needs_decision', params: { cause: describeFailure(error) } };
}

/** Why a task failed: errors of the registry are texts by their own code. */
function describeFailure(error: string | null): TaskText {
  if (error === null) return plainText('task.failed');
  const { code } = JSON.parse(error) as RecordedError;
  return isErrorCode(code) ? plainText(code) : plainText('task.failed');
}
