import type { HeldReason, RecordedError, TaskEventType } from '@comfleet/contract';
import type { TaskEventRow, TaskRow } from '../../platform/database/schema.ts';
import { nextTaskState } from './transitions.ts';

/** What happens to a task, with what its event keeps. */
export interface TaskChange {
  type: TaskEventType;
  actor?: string;
  attemptId?: string;
  workerId?: string;
  promptId?: string;
  heldReason?: HeldReason;
  dueAtMs?: number;
  error?: RecordedError;
  /** True when the worker died under the attempt: counts towards poison. */
  workerDied?: boolean;
  /** A retry that avoids workers waits in another lane. */
  lane?: { key: string; requirements: string };
  details?: Record<string, unknown>;
}

/** The task after a change and the event that records it; they become durable together. */
export interface ChangedTask {
  row: TaskRow;
  event: TaskEventRow;
}

/**
 * Applies a change to the task as it was read; null when it is not legal any more. Pure: the commit that follows names
 * the version read, so of two racing changes one is refused.
 */
export function changeTask(task: TaskRow, change: TaskChange, atMs: number): ChangedTask | null {
  const state = nextTaskState(task.state, change.type);
  if (state === null) return null;
  // A cancel that was acknowledged wins over a result that came later (P11).
  if (change.type === 'task.succeeded' && task.cancel_requested_at !== null) return null;
  const claimed = change.type === 'attempt.claimed';
  const ends = state === 'succeeded' || state === 'failed' || state === 'canceled' || state === 'expired';
  const row: TaskRow = {
    ...task,
    state,
    version: task.version + 1,
    epoch: claimed ? task.epoch + 1 : task.epoch,
    attempt_count: claimed ? task.attempt_count + 1 : task.attempt_count,
    deaths: change.workerDied ? task.deaths + 1 : task.deaths,
    worker_id: claimed ? (change.workerId ?? null) : task.worker_id,
    prompt_id: claimed ? (change.promptId ?? null) : task.prompt_id,
    held_reason: state === 'held' ? (change.heldReason ?? null) : null,
    lane: change.lane?.key ?? task.lane,
    requirements: change.lane?.requirements ?? task.requirements,
    due_at: state === 'held' ? (change.dueAtMs ?? null) : null,
    cancel_requested_at: change.type === 'task.cancel_requested' ? atMs : task.cancel_requested_at,
    error: change.error && ends ? JSON.stringify(change.error) : task.error,
    started_at: claimed ? atMs : task.started_at,
    ended_at: ends ? atMs : null,
  };
  return { row, event: createEvent(row, change, atMs) };
}

/** The event of a change, numbered by the task's new version. */
export function createEvent(row: TaskRow, change: TaskChange, atMs: number): TaskEventRow {
  return {
    task_id: row.id,
    number: row.version,
    type: change.type,
    at: atMs,
    state: row.state,
    actor: change.actor ?? 'system',
    attempt_id: change.attemptId ?? null,
    attempt_number: change.attemptId ? row.attempt_count : null,
    worker_id: change.workerId ?? null,
    prompt_id: change.promptId ?? null,
    held_reason: row.held_reason,
    error: change.error ? JSON.stringify(change.error) : null,
    details: change.details ? JSON.stringify(change.details) : null,
  };
}
