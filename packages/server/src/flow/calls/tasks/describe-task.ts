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
  /** JSON of the error that ended it. */
  error: string | null;
}

/** Where a task is, for people; `queuePosition` counts those ahead of it. */
export function describeTask(task: DescribedTask, queuePosition: number | null): TaskText {
  if (task.cancel_requested_at !== null && task.ended_at === null) return plainText('task.canceling');
  switch (task.state) {
    case 'held':
      return plainText(task.held_reason === null ? 'task.waiting' : `held.${task.held_reason}`);
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

/** Why a task failed: errors of the registry are texts by their own code. */
function describeFailure(error: string | null): TaskText {
  if (error === null) return plainText('task.failed');
  const { code } = JSON.parse(error) as RecordedError;
  return isErrorCode(code) ? plainText(code) : plainText('task.failed');
}
