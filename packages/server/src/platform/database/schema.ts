import type {
  AttemptEnding,
  AttemptState,
  HeldReason,
  PrincipalKind,
  TaskEventType,
  TaskState,
} from '@comfleet/contract';

/*
 * Every record as a row. Times are epoch milliseconds (bigint in SQL, number here); JSON stands in text
 * columns behind one codec; ids are lowercase UUIDs in binary-collated columns. docs/adr/0001-records.md says why.
 */

export interface PrincipalRow {
  id: string;
  kind: PrincipalKind;
  name: string;
  description: string | null;
  /** SHA-256 hex of a random secret (clients), argon2 string (users), null (system). */
  secret_hash: string | null;
  /** JSON array of grants. */
  grants: string;
  created_at: number;
  revoked_at: number | null;
}

export interface TokenRow {
  /** SHA-256 hex of the opaque token. */
  hash: string;
  principal_id: string;
  /** `access` for bearers, `sign_in` for one-time codes. */
  purpose: string;
  created_at: number;
  expires_at: number | null;
  used_at: number | null;
}

export interface WorkflowVersionRow {
  /** blake3 of the canonical definition. */
  id: string;
  name: string;
  task_type: string;
  version: string;
  /** JSON of the whole definition, parameters included. */
  definition: string;
  graph_hash: string;
  created_at: number;
}

export interface GraphRow {
  /** blake3 of the JSON text. */
  hash: string;
  size_bytes: number;
  /** Deflated JSON text, numbers as written. */
  body: Uint8Array;
  created_at: number;
}

export interface TaskRow {
  id: string;
  owner_id: string;
  project_id: string | null;
  state: TaskState;
  /** Grows by one with every change; the number of the change's event. */
  version: number;
  /** Grows by one with every claim; attempts carry it, stale ones lose every commit. */
  epoch: number;
  /** 1 … 10, 10 first. */
  priority: number;
  /** Acceptance order inside one server: microseconds of acceptance, made unique. */
  accepted_seq: number;
  task_type: string;
  name: string | null;
  workflow_version_id: string | null;
  workflow_name: string | null;
  workflow_label: string | null;
  /** The bound graph this task runs. */
  graph_hash: string;
  /** JSON of resolved parameters, seeds as decimal strings. */
  parameters: string;
  seed: string | null;
  /** JSON of class types, models, labels, file inputs. */
  requirements: string;
  lane: string;
  batch_id: string | null;
  batch_index: number | null;
  held_reason: HeldReason | null;
  due_at: number | null;
  cancel_requested_at: number | null;
  /** Execution limit in ms; 0 none. */
  timeout_ms: number;
  max_attempts: number;
  attempt_count: number;
  /** Attempts whose worker died under the task; two make it poison. */
  deaths: number;
  worker_id: string | null;
  prompt_id: string | null;
  public_prompt_id: string | null;
  door: string;
  file_name: string | null;
  output_path: string | null;
  error: string | null;
  put_epoch: number;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
}

export interface AttemptRow {
  id: string;
  task_id: string;
  owner_id: string;
  number: number;
  epoch: number;
  worker_id: string;
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

export interface TaskEventRow {
  task_id: string;
  number: number;
  type: TaskEventType;
  at: number;
  state: TaskState;
  actor: string;
  attempt_id: string | null;
  attempt_number: number | null;
  worker_id: string | null;
  prompt_id: string | null;
  held_reason: HeldReason | null;
  error: string | null;
  details: string | null;
}

export interface BatchRow {
  id: string;
  owner_id: string;
  name: string | null;
  state: 'running' | 'paused' | 'canceled' | 'finished';
  version: number;
  priority: number;
  total: number;
  created_at: number;
  ended_at: number | null;
}

export interface BlobRow {
  /** blake3 hex. */
  hash: string;
  size_bytes: number;
  created_at: number;
}

export interface AssetRow {
  id: string;
  owner_id: string;
  /** The producing task; null for uploads. */
  task_id: string | null;
  attempt_id: string | null;
  node_id: string | null;
  /** Order among a task's results; 0 for uploads. */
  output_index: number;
  /** `upload` or an output kind. */
  kind: string;
  name: string;
  content_type: string;
  size_bytes: number;
  blob_hash: string;
  /** Where comfy-v2 or a request placed it, and where the readable copy lies below output_dir. */
  file_path: string | null;
  width: number | null;
  height: number | null;
  tags: string | null;
  created_at: number;
  expires_at: number | null;
  deleted_at: number | null;
}

export interface IdempotencyRow {
  owner_id: string;
  door: string;
  key: string;
  body_hash: string;
  /** The task or batch made under the key. */
  subject_id: string;
  created_at: number;
}

export interface WorkerRow {
  id: string;
  name: string;
  url: string;
  source: string;
  max_concurrent: number;
  /** JSON: labels, weight …, what was changed at run time, and switches; see WorkerRecords. */
  settings: string;
  /** JSON: last known inventory (version, devices, models); object_info lies in a blob of its own. */
  inventory: string | null;
  object_info_hash: string | null;
  maintenance: number;
  created_at: number;
  seen_at: number | null;
  /** Taken out of the fleet; the row stays, attempts name it. */
  removed_at: number | null;
}

export interface InstanceRow {
  id: string;
  name: string;
  folder: string;
  port: number;
  pid: number | null;
  /** Process start time in clock ticks since boot, from /proc. */
  start_ticks: string | null;
  boot_id: string | null;
  /** Stands in the process's argv; proves that the process is ours. */
  marker: string;
  state: string;
  worker_id: string | null;
  restarts: number;
  /** JSON: how the last process ended, or why it could not be started. */
  last_exit: string | null;
  log_path: string | null;
  created_at: number;
  started_at: number | null;
  heartbeat_at: number | null;
}

/** Something that happened to a worker; the id is a UUIDv7, so ids are in order of time. */
export interface WorkerEventRow {
  id: string;
  worker_id: string;
  type: string;
  at: number;
  /** JSON of a text's code and params; a sentence in rows of older versions. */
  cause: string;
  /** JSON. */
  details: string | null;
  duration_ms: number | null;
}

/** The ComfyUI that first answered on a worker's address; another one is not used until a person accepts it. */
export interface WorkerIdentityRow {
  worker_id: string;
  url: string;
  /** JSON of script and folders from its command line. */
  identity: string;
  seen_at: number;
}

export interface SecretRow {
  task_id: string;
  /** AES-256-GCM of the JSON of secret extra_data; deleted when the task ends. */
  sealed: Uint8Array;
  created_at: number;
}

export interface SettingRow {
  /** `generation`, `address`, … */
  name: string;
  value: string;
}

export interface OverlayRow {
  /** `placement.strategy`, … */
  name: string;
  /** JSON. */
  value: string;
  /** Who changed it. */
  principal_id: string;
  changed_at: number;
}

export interface Schema {
  principal: PrincipalRow;
  token: TokenRow;
  workflow_version: WorkflowVersionRow;
  graph: GraphRow;
  task: TaskRow;
  attempt: AttemptRow;
  task_event: TaskEventRow;
  batch: BatchRow;
  blob: BlobRow;
  asset: AssetRow;
  idempotency: IdempotencyRow;
  worker: WorkerRow;
  instance: InstanceRow;
  worker_event: WorkerEventRow;
  worker_identity: WorkerIdentityRow;
  task_secret: SecretRow;
  setting: SettingRow;
  overlay: OverlayRow;
}
