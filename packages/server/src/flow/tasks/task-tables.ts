import type {
  AssetId,
  AttemptEnding,
  AttemptId,
  AttemptState,
  BatchId,
  HeldReason,
  PrincipalId,
  ProjectId,
  TaskEventType,
  TaskId,
  TaskState,
  WorkerId,
} from '@comfleet/contract';
import type { StoredTextTables } from '../../platform/database/stored-text-tables.ts';

/**
 * How a task was submitted. A `trial` only tests the fleet, as `comfleet verify` does: it is in no list, in no stream but its own,
 * and in no output folder.
 */
export type TaskDoor = 'native' | 'comfy-v2' | 'trial';

export interface TaskRow {
  id: TaskId;
  owner_id: PrincipalId;
  project_id: ProjectId | null;
  state: TaskState;
  /** Incremented by every change; also the number of the change's event. */
  version: number;
  /** Incremented by every claim. Attempts carry it, so that commits of stale ones are refused. */
  epoch: number;
  /** 1 … 10; 10 comes first. */
  priority: number;
  /** Acceptance order within one server: time in microseconds, made unique. */
  accepted_seq: number;
  task_type: string;
  name: string | null;
  workflow_version_id: string | null;
  workflow_name: string | null;
  workflow_label: string | null;
  /** Hash of the bound graph. */
  graph_hash: string;
  /** JSON of resolved parameters, seeds as decimal strings. */
  parameters: string;
  seed: string | null;
  /** JSON of class types, models, labels, file inputs. */
  requirements: string;
  lane: string;
  batch_id: BatchId | null;
  batch_index: number | null;
  held_reason: HeldReason | null;
  due_at: number | null;
  cancel_requested_at: number | null;
  /** Execution limit in ms; 0: none. `limitsSilence` of the requirements determines when it counts from. */
  timeout_ms: number;
  max_attempts: number;
  attempt_count: number;
  /** Attempts whose worker died under the task; two make it poison. */
  deaths: number;
  worker_id: WorkerId | null;
  prompt_id: string | null;
  public_prompt_id: string | null;
  door: TaskDoor;
  file_name: string | null;
  output_path: string | null;
  error: string | null;
  put_epoch: number;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
}

export interface AttemptRow {
  id: AttemptId;
  task_id: TaskId;
  owner_id: PrincipalId;
  number: number;
  epoch: number;
  worker_id: WorkerId;
  prompt_id: string;
  socket_id: string | null;
  state: AttemptState;
  ending: AttemptEnding | null;
  error: string | null;
  created_at: number;
  submitted_at: number | null;
  started_at: number | null;
  ended_at: number | null;
}

/** What an attempt ran with, written with its claim. */
export interface AttemptFingerprintRow {
  task_id: TaskId;
  attempt_id: AttemptId;
  /** JSON of the contract's Fingerprint. */
  fingerprint: string;
}

export interface TaskEventRow {
  task_id: TaskId;
  number: number;
  type: TaskEventType;
  at: number;
  state: TaskState;
  actor: string;
  attempt_id: AttemptId | null;
  attempt_number: number | null;
  worker_id: WorkerId | null;
  prompt_id: string | null;
  held_reason: HeldReason | null;
  error: string | null;
  details: string | null;
}

/** An upload that a task names as an input. */
export interface TaskInputRow {
  task_id: TaskId;
  asset_id: AssetId;
}

/** Warnings about a task, in one row for each source. */
export interface TaskWarningRow {
  task_id: TaskId;
  /** `binding`: what it runs; `attempt`: how it ended. */
  source: string;
  /** JSON of `TaskText[]`. */
  warnings: string;
  at: number;
}

export interface SecretRow {
  task_id: TaskId;
  /** AES-256-GCM of the JSON of secret extra_data; deleted when the task ends. */
  sealed: Uint8Array;
  created_at: number;
}

export interface BatchRow {
  id: BatchId;
  owner_id: PrincipalId;
  project_id: ProjectId | null;
  name: string | null;
  state: 'running' | 'paused' | 'canceled' | 'finished';
  version: number;
  priority: number;
  total: number;
  created_at: number;
  ended_at: number | null;
}

export interface IdempotencyRow {
  owner_id: PrincipalId;
  door: string;
  key: string;
  body_hash: string;
  /** The task or batch that was created with the key. */
  subject_id: string;
  created_at: number;
}

/** Tables of tasks: requests, attempts, history and idempotency keys. */
export interface TaskTables extends StoredTextTables {
  task: TaskRow;
  attempt: AttemptRow;
  attempt_fingerprint: AttemptFingerprintRow;
  task_event: TaskEventRow;
  task_secret: SecretRow;
  task_input: TaskInputRow;
  task_warning: TaskWarningRow;
  batch: BatchRow;
  idempotency: IdempotencyRow;
}
