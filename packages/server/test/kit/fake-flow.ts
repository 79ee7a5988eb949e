import {
  type Batch,
  type BatchId,
  parseId,
  type StreamFrame,
  type TaskDetail,
  type TaskId,
  type Upload,
  type Workflow,
} from '@comfleet/contract';
import type { AssetRecord, ContentStream, Flow, SubmitRequest } from '../../src/flow/flow.ts';
import type { Actor } from '../../src/flow/tasks/actor.ts';
import { visibleTo } from '../../src/people/identity/principal.ts';
import { AppError } from '../../src/platform/errors/app-error.ts';

export const TASK_ID = '01900000-0000-7000-8000-00000000000a';
export const BATCH_ID = '01900000-0000-7000-8000-00000000000b';
export const ASSET_ID = '01900000-0000-7000-8000-00000000000c';
export const PICTURE = Buffer.from('not really a picture');

/** A path of tasks with one task, one batch and one upload, all of one owner. What it was asked is kept in `calls`. */
export class FakeFlow implements Flow {
  ownerId = '';
  calls: unknown[] = [];
  submitted: SubmitRequest[] = [];
  results = 1;
  isWaiting = false;
  frames: StreamFrame[] = [];
  /** Set by a watch: ends it with an error or by its signal. */
  watching: { after: number | null; signal: AbortSignal }[] = [];

  #check(
    actor: Actor,
    id: string,
    known: string,
    code: 'TASK_NOT_FOUND' | 'BATCH_NOT_FOUND' | 'ASSET_NOT_FOUND',
  ): void {
    const filter = visibleTo(actor);
    if (id !== known || (filter.kind === 'own' && filter.ownerId !== this.ownerId)) throw new AppError(code);
  }

  async submit(request: SubmitRequest) {
    this.submitted.push(request);
    return {
      submitted: {
        task_id: TASK_ID,
        status: 'queued' as const,
        message: 'Next in the queue.',
        estimated_time: null,
        queue_position: 0,
        warnings: [],
      },
      replayed: request.idempotency?.key === 'seen-before',
    };
  }

  async loadTask(actor: Actor, id: TaskId): Promise<TaskDetail> {
    this.#check(actor, id, TASK_ID, 'TASK_NOT_FOUND');
    return this.task();
  }

  async listTasks(actor: Actor, filter: unknown) {
    this.calls.push(['listTasks', actor.id, filter]);
    const { attempts: _attempts, ...task } = this.task();
    const isOwn = visibleTo(actor).kind === 'all' || actor.id === this.ownerId;
    return { tasks: isOwn ? [task] : [], total: isOwn ? 1 : 0, nextCursor: null };
  }

  async cancelTask(actor: Actor, id: TaskId) {
    this.calls.push(['cancelTask', id]);
    return this.loadTask(actor, id);
  }

  async retryTask(actor: Actor, id: TaskId) {
    await this.loadTask(actor, id);
    return this.submit({ actor, door: 'native', body: { kind: 'graph', graphText: '' }, options: {} });
  }

  async loadGraphText(actor: Actor, id: TaskId) {
    await this.loadTask(actor, id);
    return '{"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"cfg":1.0}}}';
  }

  async loadTaskEvents(actor: Actor, id: TaskId) {
    await this.loadTask(actor, id);
    return [];
  }

  async explainTask(actor: Actor, id: TaskId) {
    const { status } = await this.loadTask(actor, id);
    return { task_id: TASK_ID, status, message: 'Done.', waiting: null, placed: null };
  }

  async describeBalancer() {
    return { strategy: 'least_loaded', waiting: 0, lanes: [], workers: [] };
  }

  async openResult(actor: Actor, id: TaskId, index: number): Promise<ContentStream> {
    await this.loadTask(actor, id);
    if (index >= this.results) throw new AppError('RESULT_NOT_FOUND');
    return this.content(`cat_${index}.png`);
  }

  async *watchTask(
    actor: Actor,
    id: TaskId,
    after: number | null,
    signal: AbortSignal,
  ): AsyncIterable<StreamFrame> {
    this.#check(actor, id, TASK_ID, 'TASK_NOT_FOUND');
    yield* this.#watch(after, signal);
  }

  async *watchBatch(actor: Actor, id: BatchId, signal: AbortSignal): AsyncIterable<StreamFrame> {
    this.#check(actor, id, BATCH_ID, 'BATCH_NOT_FOUND');
    yield* this.#watch(null, signal);
  }

  async *watchOwn(_actor: Actor, signal: AbortSignal): AsyncIterable<StreamFrame> {
    yield* this.#watch(null, signal);
  }

  async *#watch(after: number | null, signal: AbortSignal): AsyncIterable<StreamFrame> {
    this.watching.push({ after, signal });
    for (const frame of this.frames) yield frame;
    if (!this.isWaiting || signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  async submitBatch(...args: Parameters<Flow['submitBatch']>) {
    this.calls.push(['submitBatch', ...args]);
    return { batch: this.batch(), replayed: args[3]?.key === 'seen-before' };
  }

  async loadBatch(actor: Actor, id: BatchId) {
    this.#check(actor, id, BATCH_ID, 'BATCH_NOT_FOUND');
    return { ...this.batch(), tasks: [] };
  }

  async listBatches(actor: Actor) {
    const isOwn = visibleTo(actor).kind === 'all' || actor.id === this.ownerId;
    return { batches: isOwn ? [this.batch()] : [], nextCursor: null };
  }

  async changeBatch(actor: Actor, id: BatchId, change: string) {
    this.calls.push(['changeBatch', id, change]);
    await this.loadBatch(actor, id);
    return this.batch();
  }

  workflows = {
    list: async () => [this.workflow()],
    load: async (name: string) => {
      if (name !== 'image_to_video_basic') throw new AppError('WORKFLOW_NOT_FOUND');
      return this.workflow();
    },
    validate: async (_name: string, parameters: Record<string, unknown>) => {
      this.calls.push(['validate', parameters]);
      return { valid: true, errors: [], warnings: [], processed: {} };
    },
    reload: async () => ({ workflows: 1, errors: [] }),
    typeSettings: () => ({ priority: 7, maxConcurrent: 3 }),
  };

  estimateErrors() {
    const run_time = { samples: 8, median_error_ratio: 0.1, p90_error_ratio: 0.4 };
    return [{ workflow: 'image_to_video_basic', task_type: 'image_to_video', run_time, end_time: null }];
  }

  assets = {
    create: async (actor: Actor, upload: Parameters<Flow['assets']['create']>[1]) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of upload.bytes) chunks.push(chunk);
      this.calls.push(['upload', upload.name, upload.accept, Buffer.concat(chunks).toString()]);
      return { asset: { ...this.asset(), ownerId: actor.id, name: upload.name }, blobWasNew: true };
    },
    createFromHash: async () => null,
    hasHash: async () => false,
    load: async (actor: Actor, id: string) => {
      this.#check(actor, id, ASSET_ID, 'ASSET_NOT_FOUND');
      return this.asset();
    },
    listUploads: async () => [this.asset()],
    remove: async (actor: Actor, id: string) => {
      this.#check(actor, id, ASSET_ID, 'ASSET_NOT_FOUND');
      this.calls.push(['remove', id]);
    },
    open: async (actor: Actor, id: string) => {
      this.#check(actor, id, ASSET_ID, 'ASSET_NOT_FOUND');
      return this.content('in.png');
    },
    openSigned: async (id: string) => {
      if (id !== ASSET_ID) throw new AppError('ASSET_NOT_FOUND');
      return this.content('in.png');
    },
    toUpload: (record: AssetRecord): Upload => ({
      upload_id: record.id,
      name: record.name,
      content_type: record.contentType,
      size_bytes: record.sizeBytes,
      hash: `blake3:${record.hash}`,
      width: record.width,
      height: record.height,
      created_at: '2026-01-01T00:00:00.000Z',
      url: `/api/fleet/assets/${record.id}/content`,
    }),
  };

  debug = {
    pending: async () => [],
    check: async (actor: Actor, id: string) => {
      this.#check(actor, id, TASK_ID, 'TASK_NOT_FOUND');
      return {
        taskId: brand<'task'>(TASK_ID),
        state: 'running' as const,
        place: 'running' as const,
        finished: false,
        error: null,
      };
    },
  };

  stats() {
    return {
      waiting: 3,
      held: 1,
      running: 2,
      finished: { succeeded: 7 },
      finishedBy: { socket: 6, watchdog: 1 },
      overlapPossible: 2,
      lateStopped: 0,
      foreignEnds: 0,
      retriesDelayed: 0,
    };
  }

  content(name: string): ContentStream {
    return {
      assetId: brand<'asset'>(ASSET_ID),
      name,
      contentType: 'image/png',
      sizeBytes: PICTURE.length,
      hash: 'ab'.repeat(32),
      kind: 'image',
      createdAtMs: Date.UTC(2026, 0, 1),
      open: async function* (range) {
        yield PICTURE.subarray(range?.start ?? 0, (range?.end ?? PICTURE.length - 1) + 1);
      },
    };
  }

  asset(): AssetRecord {
    return {
      id: brand<'asset'>(ASSET_ID),
      ownerId: this.ownerId,
      taskId: null,
      nodeId: null,
      kind: 'upload',
      name: 'in.png',
      filePath: null,
      contentType: 'image/png',
      sizeBytes: PICTURE.length,
      hash: 'ab'.repeat(32),
      width: 1,
      height: 1,
      tags: [],
      createdAtMs: Date.UTC(2026, 0, 1),
      expiresAtMs: null,
    };
  }

  batch(): Batch {
    return {
      batch_id: BATCH_ID,
      name: null,
      status: 'running',
      message: '1 of 2 done.',
      priority: 5,
      counts: { total: 2, waiting: 1, running: 0, succeeded: 1, failed: 0, canceled: 0, expired: 0 },
      progress: 0.5,
      created_at: '2026-01-01T00:00:00.000Z',
      completed_at: null,
      duration_seconds: null,
      task_ids: [TASK_ID],
    };
  }

  workflow(): Workflow {
    const parameter = {
      node_id: '2',
      input_name: 'image',
      data_type: 'image' as const,
      description: null,
      label: null,
      required: true,
      default_value: null,
      min: null,
      max: null,
      multiple_of: null,
      max_length: null,
      options: null,
      derived: false,
    };
    return {
      name: 'image_to_video_basic',
      title: { en: 'Video', zh: '视频' },
      version: '1.0',
      version_id: 'v1',
      task_type: 'image_to_video',
      description: null,
      is_default: true,
      enabled: true,
      parameters: [
        { ...parameter, name: 'image' },
        { ...parameter, name: 'duration', data_type: 'float' },
      ],
      presets: { length: { short: { duration: 2 } } },
      available: true,
      missing: [],
    };
  }

  task(): TaskDetail {
    return {
      task_id: TASK_ID,
      status: this.results > 0 ? 'succeeded' : 'running',
      message: 'Done.',
      task_type: 'text_to_image',
      name: 'cats',
      workflow_name: null,
      workflow_version: null,
      parameters: {},
      seed: '18446744073709551615',
      priority: 5,
      owner_id: this.ownerId,
      project_id: null,
      batch_id: null,
      batch_index: null,
      worker_id: null,
      worker_name: null,
      prompt_id: null,
      attempt_count: 1,
      held_reason: null,
      due_at: null,
      queue_position: null,
      estimated_time: null,
      estimated_start: null,
      estimated_end: null,
      progress: null,
      cancel_requested_at: null,
      created_at: '2026-01-01T00:00:00.000Z',
      started_at: null,
      completed_at: null,
      duration_seconds: null,
      timeout_seconds: 900,
      results: Array.from({ length: this.results }, (_, index) => ({
        index,
        asset_id: ASSET_ID,
        node_id: '9',
        name: `cat_${index}.png`,
        kind: 'image' as const,
        content_type: 'image/png',
        size_bytes: PICTURE.length,
        hash: `blake3:${'ab'.repeat(32)}`,
        url: '/x',
        text: null,
      })),
      error: null,
      attempts: [],
    };
  }
}

function brand<K extends 'task' | 'asset'>(text: string) {
  const id = parseId<K>(text);
  if (id === null) throw new Error('not a UUID');
  return id;
}
