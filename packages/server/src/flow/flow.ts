import type {
  AssetId,
  Balancer,
  Batch,
  BatchDetail,
  BatchId,
  EstimateError,
  OutputKind,
  Placement,
  RecordedError,
  StreamFrame,
  SubmitBatch,
  SubmitOptions,
  Submitted,
  Task,
  TaskDetail,
  TaskEvent,
  TaskId,
  TaskState,
  Upload,
  Validation,
  Workflow,
} from '@comfleet/contract';
import type { ExecutionCounters } from './execution/execution-counters.ts';
import type { Actor } from './tasks/actor.ts';

/** What a door hands in: a named workflow with values, or a graph as the caller wrote it. */
export type SubmitBody =
  | {
      kind: 'workflow';
      workflowName?: string;
      taskType?: string;
      parameters: Record<string, unknown>;
      strict?: boolean;
    }
  | { kind: 'graph'; graphText: string };

export interface SubmitRequest {
  actor: Actor;
  door: 'native' | 'comfy-v2';
  body: SubmitBody;
  options: SubmitOptions;
  /** Merged over the prompt's extra_data; secret keys (api_key_comfy_org, auth_token_comfy_org) are sealed. */
  extraData?: Record<string, unknown>;
  idempotency?: { key: string; bodyHash: string };
}

/** A fresh task, or (`replayed`) the one made earlier under the same key and body. */
export interface SubmitOutcome {
  submitted: Submitted;
  replayed: boolean;
}

export interface TaskFilter {
  states?: readonly TaskState[];
  taskType?: string;
  workerId?: string;
  batchId?: string;
  sinceMs?: number;
  untilMs?: number;
  limit: number;
  /** Opaque, from the page before. */
  cursor?: string;
}

/** Bytes with what a door needs to send them. */
export interface ContentStream {
  assetId: AssetId;
  name: string;
  contentType: string;
  sizeBytes: number;
  /** blake3 hex. */
  hash: string;
  kind: OutputKind | 'upload';
  createdAtMs: number;
  open(range?: { start: number; end: number }): AsyncIterable<Uint8Array>;
}

/** An asset as comfy-v2 and uploads see it. */
export interface AssetRecord {
  id: AssetId;
  ownerId: string;
  taskId: TaskId | null;
  nodeId: string | null;
  kind: OutputKind | 'upload';
  name: string;
  filePath: string | null;
  contentType: string;
  sizeBytes: number;
  hash: string;
  width: number | null;
  height: number | null;
  tags: readonly string[];
  createdAtMs: number;
  expiresAtMs: number | null;
}

export interface AssetUpload {
  name: string;
  contentType: string;
  bytes: AsyncIterable<Uint8Array>;
  filePath?: string;
  tags?: readonly string[];
  /** blake3 hex the caller declares; another one refuses the upload (CONFLICT, details.reason hash_mismatch). */
  expectedHash?: string;
  expiresInSeconds?: number;
  /** Single-use: IDEMPOTENCY_CONFLICT when the key made an upload before. Claimed only together with the record. */
  idempotency?: { key: string; bodyHash: string };
  /** `picture`: only jpg, png, webp within limits (native uploads); `any`: comfy-v2. */
  accept: 'picture' | 'any';
}

export interface PendingTask {
  taskId: TaskId;
  state: TaskState;
  ageMs: number;
  workflowName: string | null;
  workerName: string | null;
  promptId: string | null;
  connection: 'connected' | 'connecting' | 'closed' | null;
  phase: string | null;
}

export interface DebugCheck {
  taskId: TaskId;
  state: TaskState;
  place: 'history' | 'running' | 'pending' | 'absent' | 'unreachable' | 'not_submitted';
  finished: boolean;
  error: RecordedError | null;
}

/** What doors may ask of the path of a task. One object, made in app.ts; every door speaks to this and to nothing below. */
export interface Flow {
  submit(request: SubmitRequest): Promise<SubmitOutcome>;
  loadTask(actor: Actor, id: TaskId): Promise<TaskDetail>;
  listTasks(
    actor: Actor,
    filter: TaskFilter,
  ): Promise<{ tasks: Task[]; total: number; nextCursor: string | null }>;
  cancelTask(actor: Actor, id: TaskId): Promise<TaskDetail>;
  retryTask(actor: Actor, id: TaskId): Promise<SubmitOutcome>;
  /** The executed graph's JSON text, numbers as written. */
  loadGraphText(actor: Actor, id: TaskId): Promise<string>;
  loadTaskEvents(actor: Actor, id: TaskId, after: number): Promise<TaskEvent[]>;
  /** Why a task waits, or why it runs where it does. */
  explainTask(actor: Actor, id: TaskId): Promise<Placement>;
  /** What the balancer did since the start, and what waits for it. */
  describeBalancer(): Promise<Balancer>;
  openResult(actor: Actor, id: TaskId, index: number): Promise<ContentStream>;

  /** Snapshot (or the events after `after`), then live frames; ends after the terminal event or when `signal` aborts. */
  watchTask(actor: Actor, id: TaskId, after: number | null, signal: AbortSignal): AsyncIterable<StreamFrame>;
  watchBatch(actor: Actor, id: BatchId, signal: AbortSignal): AsyncIterable<StreamFrame>;
  /** The actor's waiting and running tasks, then everything that happens to its tasks. */
  watchOwn(actor: Actor, signal: AbortSignal): AsyncIterable<StreamFrame>;

  submitBatch(
    actor: Actor,
    body: SubmitBatch,
    graphText: string | null,
    idempotency?: { key: string; bodyHash: string },
  ): Promise<{ batch: Batch; replayed: boolean }>;
  loadBatch(actor: Actor, id: BatchId): Promise<BatchDetail>;
  listBatches(
    actor: Actor,
    limit: number,
    cursor?: string,
  ): Promise<{ batches: Batch[]; nextCursor: string | null }>;
  changeBatch(actor: Actor, id: BatchId, change: 'pause' | 'resume' | 'cancel'): Promise<Batch>;

  workflows: {
    list(taskType?: string): Promise<Workflow[]>;
    load(name: string): Promise<Workflow>;
    validate(name: string, parameters: Record<string, unknown>): Promise<Validation>;
    reload(): Promise<{ workflows: number; errors: string[] }>;
    /** What holds for tasks of a type now. `maxConcurrent`: on all workers together; null means no limit. */
    typeSettings(taskType: string): { priority: number; maxConcurrent: number | null };
  };

  /** How far off estimates were, by workflow. */
  estimateErrors(): EstimateError[];

  assets: {
    create(actor: Actor, upload: AssetUpload): Promise<{ asset: AssetRecord; blobWasNew: boolean }>;
    /** Null when no blob of that hash is the actor's to use; `existed` when an identical reference was there. */
    createFromHash(
      actor: Actor,
      request: { hash: string; filePath?: string; tags?: readonly string[]; expiresInSeconds?: number },
    ): Promise<{ asset: AssetRecord; existed: boolean } | null>;
    hasHash(actor: Actor, hash: string): Promise<boolean>;
    load(actor: Actor, id: AssetId): Promise<AssetRecord>;
    listUploads(actor: Actor, limit: number): Promise<AssetRecord[]>;
    /** CONFLICT with details.reason asset_in_use while a waiting or running task needs it. */
    remove(actor: Actor, id: AssetId): Promise<void>;
    open(actor: Actor, id: AssetId): Promise<ContentStream>;
    /** For signed links: the link is the permission. */
    openSigned(id: AssetId): Promise<ContentStream>;
    toUpload(record: AssetRecord): Upload;
  };

  debug: {
    pending(actor: Actor): Promise<PendingTask[]>;
    check(actor: Actor, taskOrPromptId: string): Promise<DebugCheck>;
  };

  /** For health and metrics. */
  stats(): FlowStats;
}

/** Numbers of now, and counters since the start. */
export interface FlowStats extends Readonly<ExecutionCounters> {
  readonly waiting: number;
  readonly held: number;
  readonly running: number;
  /** Tasks that ended, by their end. */
  readonly finished: Readonly<Record<string, number>>;
  /** Tasks that succeeded, by what told us first. */
  readonly finishedBy: Readonly<Record<string, number>>;
}
