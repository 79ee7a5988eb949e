import type {
  Attempt,
  Fingerprint,
  Progress,
  RecordedError,
  Result,
  Task,
  TaskEvent,
} from '@comfleet/contract';
import { type TaskText, toTaskSentence } from '@comfleet/contract/texts/tasks';
import type { AssetRow } from '../../assets/asset-tables.ts';
import type { TaskOutlook } from '../../engine/engine.ts';
import { isPaid } from '../../tasks/paid-classes.ts';
import type { AttemptRow, TaskEventRow, TaskRow } from '../../tasks/task-tables.ts';
import { describeTask } from './describe-task.ts';

/** What a task's view needs besides its row. */
export interface TaskContext {
  workerName: string | null;
  progress: Progress | null;
  /** Null once it has ended. */
  outlook: TaskOutlook | null;
  results: readonly Result[];
  /** Warnings for users. */
  warnings: readonly TaskText[];
}

/** Converts a task for native answers. */
export function toTask(task: TaskRow, context: TaskContext): Task {
  const { outlook } = context;
  const queuePosition = outlook?.position ?? null;
  const text = describeTask(task, queuePosition);
  return {
    task_id: task.id,
    status: task.state,
    message: toTaskSentence(text),
    message_text: text,
    task_type: task.task_type,
    name: task.name,
    workflow_name: task.workflow_name,
    workflow_version: task.workflow_label,
    parameters: JSON.parse(task.parameters),
    seed: task.seed,
    priority: task.priority,
    owner_id: task.owner_id,
    project_id: task.project_id,
    batch_id: task.batch_id,
    batch_index: task.batch_index,
    worker_id: task.worker_id,
    worker_name: context.workerName,
    prompt_id: task.prompt_id,
    attempt_count: task.attempt_count,
    held_reason: task.held_reason,
    paid: isPaid(task),
    due_at: toTime(task.due_at),
    queue_position: queuePosition,
    estimated_time: outlook?.secondsLeft ?? null,
    estimated_start: toTime(outlook?.startMs ?? null),
    estimated_end: toTime(outlook?.endMs ?? null),
    progress: context.progress,
    cancel_requested_at: toTime(task.cancel_requested_at),
    created_at: new Date(task.created_at).toISOString(),
    started_at: toTime(task.started_at),
    completed_at: toTime(task.ended_at),
    duration_seconds: secondsBetween(task.started_at, task.ended_at),
    timeout_seconds: task.timeout_ms > 0 ? task.timeout_ms / 1000 : null,
    results: [...context.results],
    warning_texts: [...context.warnings],
    error: parseError(task.error),
  };
}

/** `url` is a short-lived signed link; `text` the content of a small text output. */
export function toResult(asset: AssetRow, { url, text }: { url: string; text: string | null }): Result {
  return {
    index: asset.output_index,
    asset_id: asset.id,
    node_id: asset.node_id ?? '',
    name: asset.name,
    kind: asset.kind as Result['kind'],
    content_type: asset.content_type,
    size_bytes: asset.size_bytes,
    hash: `blake3:${asset.blob_hash}`,
    url,
    text,
  };
}

export function toAttempt(
  attempt: AttemptRow,
  { workerName, fingerprint }: { workerName: string; fingerprint: Fingerprint | null },
): Attempt {
  return {
    id: attempt.id,
    number: attempt.number,
    state: attempt.state,
    ending: attempt.ending,
    worker_id: attempt.worker_id,
    worker_name: workerName,
    prompt_id: attempt.prompt_id,
    created_at: new Date(attempt.created_at).toISOString(),
    submitted_at: toTime(attempt.submitted_at),
    started_at: toTime(attempt.started_at),
    ended_at: toTime(attempt.ended_at),
    error: parseError(attempt.error),
    fingerprint,
  };
}

export function toTaskEvent(event: TaskEventRow, workerName: string | null): TaskEvent {
  return {
    task_id: event.task_id,
    number: event.number,
    type: event.type,
    at: new Date(event.at).toISOString(),
    status: event.state,
    actor: event.actor,
    attempt_id: event.attempt_id,
    attempt_number: event.attempt_number,
    worker_id: event.worker_id,
    worker_name: workerName,
    prompt_id: event.prompt_id,
    held_reason: event.held_reason,
    error: parseError(event.error),
    details: event.details === null ? null : JSON.parse(event.details),
  };
}

function parseError(text: string | null): RecordedError | null {
  return text === null ? null : (JSON.parse(text) as RecordedError);
}

function toTime(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}

function secondsBetween(fromMs: number | null, toMs: number | null): number | null {
  return fromMs === null || toMs === null ? null : (toMs - fromMs) / 1000;
}
