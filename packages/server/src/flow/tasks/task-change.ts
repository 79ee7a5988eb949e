import {
  type AttemptId,
  type HeldReason,
  isTerminal,
  type RecordedError,
  type TaskEventType,
  type WorkerId,
} from '@comfleet/contract';
import { shortenError } from '../../platform/errors/short-error.ts';
import type { TaskEventRow, TaskRow } from './task-tables.ts';
import { nextTaskState } from './transitions.ts';

/** A change of a task, with the data of its event. */
export interface TaskChange {
  type: TaskEventType;
  actor?: string;
  attemptId?: AttemptId;
  workerId?: WorkerId;
  promptId?: string;
  heldReason?: HeldReason;
  dueAtMs?: number;
  error?: RecordedError;
  /** True when the worker died under the attempt, which counts towards poison. */
  workerDied?: boolean;
  /** True when the attempt does not count. */
  uncounted?: boolean;
  /** The new lane, as of a retry that avoids workers. */
  lane?: { stored: string; requirements: string };
  /** A graph that was bound after acceptance, and stored in the same commit, with its parameters as JSON. */
  bound?: { graphHash: string; parameters: string };
  details?: Record<string, unknown>;
}

/** The task after a change, and the event that records it; both are stored in one commit. */
export interface ChangedTask {
  row: TaskRow;
  event: TaskEventRow;
}

/**
 * Applies a change to a task as it was read; null when it is no longer legal. Pure: the commit that follows names the version
 * that was read, so that one of two racing changes is refused.
 */
export function changeTask(task: TaskRow, change: TaskChange, atMs: number): ChangedTask | null {
  const state = nextTaskState(task.state, change.type);
  if (state === null) return null;
  // An acknowledged cancel wins over a later result (P11).
  if (change.type === 'task.succeeded' && task.cancel_requested_at !== null) return null;
  const moved: TaskRow = {
    ...task,
    state,
    version: task.version + 1,
    held_reason: null,
    due_at: null,
    error: null,
    ended_at: null,
    deaths: change.workerDied ? task.deaths + 1 : task.deaths,
    attempt_count: change.uncounted ? task.attempt_count - 1 : task.attempt_count,
    ...settle(task, change),
  };
  const row = fillIn(moved, change, atMs);
  return { row, event: createEvent(row, change, atMs) };
}

/** Applies what the task runs and needs. */
function settle(
  task: TaskRow,
  { lane, bound }: TaskChange,
): Pick<TaskRow, 'lane' | 'requirements' | 'graph_hash' | 'parameters'> {
  return {
    lane: lane?.stored ?? task.lane,
    requirements: lane?.requirements ?? task.requirements,
    graph_hash: bound?.graphHash ?? task.graph_hash,
    parameters: bound?.parameters ?? task.parameters,
  };
}

/** Applies the data of the change: a claim's worker, a hold's reason, an end's time and error. */
function fillIn(row: TaskRow, change: TaskChange, atMs: number): TaskRow {
  if (change.type === 'attempt.claimed') {
    const { workerId = null, promptId = null } = change;
    return {
      ...row,
      epoch: row.epoch + 1,
      attempt_count: row.attempt_count + 1,
      worker_id: workerId,
      prompt_id: promptId,
      started_at: atMs,
    };
  }
  if (change.type === 'task.cancel_requested') return { ...row, cancel_requested_at: atMs };
  const error = change.error ? JSON.stringify(change.error) : null;
  if (row.state === 'held')
    return { ...row, held_reason: change.heldReason ?? null, due_at: change.dueAtMs ?? null, error };
  return isTerminal(row.state) ? { ...row, ended_at: atMs, error } : row;
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
    attempt_number: change.attemptId ? row.epoch : null,
    worker_id: change.workerId ?? null,
    prompt_id: change.promptId ?? null,
    held_reason: row.held_reason,
    error: change.error ? JSON.stringify(shortenError(change.error)) : null,
    details: change.details ? JSON.stringify(change.details) : null,
  };
}
