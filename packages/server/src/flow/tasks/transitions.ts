import type { TaskEventType, TaskState } from '@comfleet/contract';

/*
 * A task's life. Rows: what may happen in a state; the cell is the state after it. Anything absent is illegal and is
 * ignored by the caller (a lost race), never forced.
 *
 *   state    | event                     → state
 *   ---------+------------------------------------------
 *   held     | task.queued               → queued
 *   held     | task.held                 → held      (another reason or due time)
 *   queued   | task.held                 → held
 *   queued   | attempt.claimed           → running
 *   running  | attempt.submitted/started/collecting/escalated/adopted/ended → running
 *   running  | task.queued, task.held    → queued, held (retry)
 *   any open | task.cancel_requested     → same
 *   any open | task.canceled/failed/expired → that end
 *   running  | task.succeeded            → succeeded (only without a cancel request)
 */
const WAITING: Partial<Record<TaskEventType, TaskState>> = {
  'task.queued': 'queued',
  'task.held': 'held',
  'task.canceled': 'canceled',
  'task.failed': 'failed',
  'task.expired': 'expired',
};

const TRANSITIONS: Record<TaskState, Partial<Record<TaskEventType, TaskState>>> = {
  held: { ...WAITING, 'task.cancel_requested': 'held' },
  queued: { ...WAITING, 'task.cancel_requested': 'queued', 'attempt.claimed': 'running' },
  running: {
    ...WAITING,
    'task.cancel_requested': 'running',
    'attempt.submitted': 'running',
    'attempt.started': 'running',
    'attempt.collecting': 'running',
    'attempt.escalated': 'running',
    'attempt.adopted': 'running',
    'attempt.ended': 'running',
    'task.succeeded': 'succeeded',
  },
  succeeded: {},
  failed: {},
  canceled: {},
  expired: {},
};

/** The state after an event, or null when the event is not legal there: a task that ended stays as it ended. */
export function nextTaskState(state: TaskState, event: TaskEventType): TaskState | null {
  return TRANSITIONS[state][event] ?? null;
}
