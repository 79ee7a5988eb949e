import {
  type HeldReason,
  plainText,
  type RecordedError,
  readFailure,
  type TaskState,
  type Text,
} from '@comfleet/contract';

/** The part of a task that describes its progress. */
export interface DescribedTask {
  state: TaskState;
  held_reason: HeldReason | null;
  cancel_requested_at: number | null;
  ended_at: number | null;
  /** JSON of the error that ended it, or for which it waits for a decision. */
  error: string | null;
}

/** Describes for users where a task is, or why it failed; `queuePosition` counts the tasks ahead of it. */
export function describeTask(task: DescribedTask, queuePosition: number | null): Text {
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

function describeHolding(reason: HeldReason | null, error: string | null): Text {
  if (reason === null) return plainText('task.waiting');
  if (reason !== 'needs_decision') return plainText(`held.${reason}`);
  return { code: 'held.needs_decision', params: { cause: describeFailure(error) } };
}

function describeFailure(error: string | null): Text {
  return error === null ? plainText('task.failed') : readFailure(JSON.parse(error) as RecordedError).summary;
}
