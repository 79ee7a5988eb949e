import type { TaskEventType, TaskState } from '@comfleet/contract';

/*
 * States of a task.
 *
 * - held: waits outside the lanes, with a reason. Entered at acceptance, and from every open state by `task.held`.
 * - queued: waits in its lane. Entered at acceptance, and from every open state by `task.queued`.
 * - running: has an open attempt. Entered from queued by a claim only.
 * - succeeded, failed, canceled, expired: final; every event is ignored.
 * A cancel request changes no state; it forbids success.
 *
 * An event that is not in the table for a state is illegal there. Callers ignore it as a lost race, and never force it.
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

/** The state after an event; null when the event is illegal in this state. */
export function nextTaskState(state: TaskState, event: TaskEventType): TaskState | null {
  return TRANSITIONS[state][event] ?? null;
}
