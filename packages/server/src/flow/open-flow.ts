import type {
  AssetId,
  Batch,
  BatchId,
  Id,
  IdKind,
  Progress,
  Submitted,
  TaskId,
  Upload,
  Workflow,
} from '@comfleet/contract';
import type { WorkerRegistry } from '../fleet/workers/registry.ts';
import type { Database } from '../platform/database/database.ts';
import type { AssetRow, BatchRow, TaskRow } from '../platform/database/schema.ts';
import { AppError } from '../platform/errors/app-error.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Clock, Random } from '../platform/time/clock.ts';
import { type AssetLimits, Assets, toAssetRecord } from './assets/assets.ts';
import { findTaskAssets } from './assets/asset-rows.ts';
import type { BlobStore } from './assets/blob-store.ts';
import { listBatches, listBatchItems, loadBatchDetail, loadBatchRow, viewBatch } from './batches.ts';
import { createExecution } from './create-execution.ts';
import { checkTask, listPending } from './debugging.ts';
import { EventHub } from './events/event-hub.ts';
import { ProgressBoard } from './events/progress-board.ts';
import type { ContentStream, Flow, SubmitOutcome, SubmitRequest } from './flow.ts';
import { EmbeddedQueue } from './queue/embedded-queue.ts';
import type { Secrets } from './secrets.ts';
import { openRetention, type RetentionLimits } from './retention.ts';
import { openSpine, type Spine } from './spine.ts';
import { prepareSubmission, type SubmissionDeps } from './submission.ts';
import { acceptTasks, loadGraphText, type NewTask } from './tasks/accept-tasks.ts';
import type { Actor, VisibleTo } from './tasks/actor.ts';
import { RunEstimates } from './tasks/run-estimates.ts';
import { TaskJournal } from './tasks/task-journal.ts';
import { loadVisibleTask, streamWaitingTasks } from './tasks/task-queries.ts';
import { TaskViews } from './tasks/task-views.ts';
import { describeTask } from './tasks/task-view.ts';
import { watchBatch, type WatchDeps, watchOwn, watchTask } from './watching.ts';
import type { WorkflowLibrary } from './workflows/workflow-library.ts';
import { viewWorkflow } from './workflow-availability.ts';
import { bindParameters } from './workflows/bind-parameters.ts';

export interface FlowDeps {
  database: Database;
  fleet: WorkerRegistry;
  library: WorkflowLibrary;
  blobs: BlobStore;
  clock: Clock;
  random: Random;
  logger: Logger;
  createId: <K extends IdKind>() => Id<K>;
  visibleTo: VisibleTo;
  /** People's say before tasks are accepted. Throws QUOTA_EXCEEDED. */
  admission: (actor: Actor, count: number) => Promise<void>;
  secrets: Secrets;
  /** Signed link to an asset's bytes. */
  linkTo: (assetId: string) => string;
}

export interface FlowOptions {
  inputDir: string | null;
  outputDir: string | null;
  assetLimits: AssetLimits;
  /** Limits of one result. */
  maxFileBytes: number;
  maxFiles: number;
  timeoutMs: number;
  maxAttempts: number;
  /** 1 … 10, by task type. */
  priority: (taskType: string) => number;
  offlineGraceMs: number;
  retention: RetentionLimits;
}

/** Builds the path of a task out of its stages; everything it starts belongs to the scope. */
export async function openFlow(scope: Scope, deps: FlowDeps, options: FlowOptions): Promise<OpenedFlow> {
  const { database, logger } = deps;
  const hub = new EventHub((error) => logger.warn('watcher.failed', { error: String(error) }));
  const board = new ProgressBoard();
  const estimates = new RunEstimates(database);
  const held = new Set<string>();
  for await (const task of streamWaitingTasks(database, ['held'])) held.add(task.id);
  const journal = new TaskJournal(database, (changes) => {
    for (const { row, event } of changes) {
      if (row.state === 'held') held.add(row.id);
      else held.delete(row.id);
      if (row.ended_at !== null) board.forget(row.id);
      if (row.state === 'succeeded') estimates.learn(row);
      hub.publish({
        kind: 'event',
        taskId: row.id as TaskId,
        ownerId: row.owner_id,
        batchId: row.batch_id,
        event,
      });
    }
  });
  await estimates.load();
  const queue = new EmbeddedQueue();
  const assets = new Assets({
    database,
    blobs: deps.blobs,
    createId: deps.createId,
    inputDir: options.inputDir,
    limits: options.assetLimits,
  });
  const execution = createExecution({ ...deps, journal, hub, board, assets }, options);
  const spine = await openSpine(scope, {
    database,
    journal,
    queue,
    fleet: deps.fleet,
    clock: deps.clock,
    logger,
    dispatcher: execution,
    offlineGraceMs: options.offlineGraceMs,
  });
  openRetention(scope, { database, blobs: deps.blobs, assets, clock: deps.clock, logger }, options.retention);
  const stages: Stages = { ...deps, options, hub, board, estimates, journal, queue, assets, spine, held };
  return { flow: createFlow(stages), spine, hub };
}

export interface OpenedFlow {
  flow: Flow;
  spine: Spine;
  hub: EventHub;
}

interface Stages extends FlowDeps {
  options: FlowOptions;
  hub: EventHub;
  board: ProgressBoard;
  estimates: RunEstimates;
  journal: TaskJournal;
  queue: EmbeddedQueue;
  assets: Assets;
  spine: Spine;
  /** Ids of held tasks, for the counts of health and metrics. */
  held: Set<string>;
}

function createFlow(stages: Stages): Flow {
  const { database, visibleTo, spine } = stages;
  const views = createViews(stages);
  const progress = (taskId: string): Progress | null => stages.board.find(taskId);
  const watch: WatchDeps = { database, hub: stages.hub, views, progress };
  const submission = createSubmission(stages);
  const batchDeps = { database, views };
  return {
    submit: (request) => submitTask(stages, submission, request),
    loadTask: (actor, id) => views.loadDetail(visibleTo(actor), id),
    listTasks: (actor, filter) => views.list(visibleTo(actor), filter),
    cancelTask: async (actor, id) => {
      await cancelTask(stages, await loadVisibleTask(database, visibleTo(actor), id), actor.id);
      return views.loadDetail(visibleTo(actor), id);
    },
    retryTask: async (actor, id) =>
      rerunTask(stages, await loadVisibleTask(database, visibleTo(actor), id), actor),
    loadGraphText: async (actor, id) =>
      loadGraphText(database, (await loadVisibleTask(database, visibleTo(actor), id)).graph_hash),
    loadTaskEvents: (actor, id, after) => views.loadEvents(visibleTo(actor), id, after),
    openResult: (actor, id, index) => openResult(stages, actor, { id, index }),
    watchTask: (actor, id, after, signal) => watchTask(watch, visibleTo(actor), id, { after, signal }),
    watchBatch: (actor, id, signal) => watchBatch(watch, visibleTo(actor), id, signal),
    watchOwn: (actor, signal) => watchOwn(watch, visibleTo(actor), signal),
    submitBatch: (actor, body, graphText, idempotency) =>
      submitBatch(stages, submission, { actor, body, graphText, idempotency: idempotency ?? null }),
    loadBatch: (actor, id) => loadBatchDetail(batchDeps, visibleTo(actor), id),
    listBatches: (actor, limit, cursor) => listBatches(batchDeps, visibleTo(actor), limit, cursor),
    changeBatch: (actor, id, change) => changeBatch(stages, actor, { id, change }),
    workflows: createWorkflowCalls(stages),
    assets: createAssetCalls(stages),
    debug: {
      pending: async (actor) => listPending(stages, visibleTo(actor)),
      check: async (actor, id) => checkTask(stages, visibleTo(actor), id),
    },
    stats: () => ({
      waiting: stages.queue.size(),
      held: stages.held.size,
      running: spine.dispatcher.size,
      finishedBy: { ...spine.dispatcher.finishedBy },
    }),
  };
}

function createViews(stages: Stages): TaskViews {
  const { database, fleet, queue, estimates, board, blobs } = stages;
  return new TaskViews({
    database,
    loadAssets: (taskIds) => loadResults(database, taskIds),
    loadText: (asset) => loadText(blobs, asset),
    context: {
      workerName: (id) => fleet.find(id)?.name ?? null,
      progress: (id) => board.find(id),
      queuePosition: (id) => queue.position(id as TaskId),
      estimateSeconds: (task) => estimates.estimateSeconds(task, queue.position(task.id as TaskId) ?? 0),
      linkTo: stages.linkTo,
    },
  });
}

async function loadResults(database: Database, taskIds: readonly string[]): Promise<AssetRow[]> {
  const [only] = taskIds;
  if (taskIds.length === 1 && only) return database.read(findTaskAssets(database.k, only));
  return database.read(
    database.k
      .selectFrom('asset')
      .selectAll()
      .where('task_id', 'in', [...taskIds])
      .where('deleted_at', 'is', null)
      .orderBy('output_index')
      .limit(20_000),
  );
}

const MAX_TEXT_BYTES = 64 * 1024;

async function loadText(blobs: BlobStore, asset: AssetRow): Promise<string | null> {
  if (asset.size_bytes > MAX_TEXT_BYTES) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of blobs.open(asset.blob_hash)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function createSubmission({ library, assets, fleet, random, options }: Stages): SubmissionDeps {
  return {
    library,
    assets,
    inventories: () =>
      fleet.list().flatMap(({ inventory, capabilities }) => (inventory ? [{ inventory, capabilities }] : [])),
    drawSeed: () => drawSeed(random.bytes(7)),
    defaults: { priority: options.priority, timeoutMs: options.timeoutMs, maxAttempts: options.maxAttempts },
  };
}

/** 0 … 2^50, so that every JavaScript client shows it exactly (WF23). */
function drawSeed(bytes: Uint8Array): string {
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return String(value & ((1n << 50n) - 1n));
}

async function submitTask(
  stages: Stages,
  deps: SubmissionDeps,
  request: SubmitRequest,
): Promise<SubmitOutcome> {
  const { actor, door, body, options, extraData, idempotency } = request;
  await stages.admission(actor, 1);
  const { task, warnings } = await prepareSubmission(deps, { ownerId: actor.id, door, body, options });
  const sealedSecrets = extraData ? stages.secrets.seal(extraData) : null;
  const outcome = await acceptTasks(stages, [{ ...task, batch: null, sealedSecrets }], {
    actor: actor.id,
    idempotency: idempotency ? { door, ...idempotency } : null,
    batch: null,
  });
  if (outcome.kind === 'repeated') {
    const row = await loadVisibleTask(stages.database, stages.visibleTo(actor), outcome.subjectId as TaskId);
    return { submitted: toSubmitted(stages, row, warnings), replayed: true };
  }
  return { submitted: await enterAccepted(stages, outcome.tasks, warnings), replayed: false };
}

/** After the commit only: watchers hear of it and the task waits in its lane. */
async function enterAccepted(
  stages: Stages,
  tasks: readonly TaskRow[],
  warnings: string[],
): Promise<Submitted> {
  for (const task of tasks) {
    if (task.state === 'held') stages.held.add(task.id);
    await stages.spine.enter(task);
  }
  const [first] = tasks;
  if (!first) throw new AppError('INTERNAL', { reason: 'nothing was accepted' });
  return toSubmitted(stages, first, warnings);
}

function toSubmitted({ queue, estimates }: Stages, task: TaskRow, warnings: string[]): Submitted {
  const position = task.state === 'queued' ? queue.position(task.id as TaskId) : null;
  return {
    task_id: task.id,
    status: task.state,
    message: describeTask(task, position),
    estimated_time: estimates.estimateSeconds(task, position ?? 0),
    queue_position: position,
    warnings,
  };
}

/** Waiting tasks are canceled at once; running ones are stopped on their worker first, and never succeed any more. */
async function cancelTask(stages: Stages, task: TaskRow, actor: string): Promise<void> {
  const canceled = await stages.journal.change(task.id, (row) => {
    if (row.cancel_requested_at !== null) return null;
    const requested = { type: 'task.cancel_requested', actor } as const;
    return row.state === 'running'
      ? { changes: [requested] }
      : { changes: [requested, { type: 'task.canceled', actor }], writes: stages.secrets.writesAtEnd(row) };
  });
  if (!canceled) return;
  if (canceled.state === 'running') stages.spine.dispatcher.stop(task.id, 'canceled');
  else await stages.queue.drop(task.id as TaskId);
}

/** The same graph, values and seed again as a new task; the old one keeps its results. */
async function rerunTask(stages: Stages, task: TaskRow, actor: Actor): Promise<SubmitOutcome> {
  await stages.admission(actor, 1);
  const again: NewTask = {
    ownerId: task.owner_id,
    projectId: task.project_id,
    door: task.door,
    taskType: task.task_type,
    name: task.name,
    workflow: task.workflow_version_id
      ? {
          versionId: task.workflow_version_id,
          name: task.workflow_name ?? '',
          label: task.workflow_label ?? '',
        }
      : null,
    graphText: await loadGraphText(stages.database, task.graph_hash),
    parameters: JSON.parse(task.parameters),
    seed: task.seed,
    requirements: { ...JSON.parse(task.requirements), excludedWorkers: [] },
    priority: task.priority,
    timeoutMs: task.timeout_ms,
    maxAttempts: task.max_attempts,
    fileName: task.file_name,
    outputPath: task.output_path,
    heldReason: null,
    sealedSecrets: null,
    batch: null,
  };
  const outcome = await acceptTasks(stages, [again], { actor: actor.id, idempotency: null, batch: null });
  if (outcome.kind !== 'accepted') throw new AppError('INTERNAL', { reason: 'a re-run carries no key' });
  return { submitted: await enterAccepted(stages, outcome.tasks, []), replayed: false };
}

async function submitBatch(
  stages: Stages,
  deps: SubmissionDeps,
  request: {
    actor: Actor;
    body: Parameters<typeof listBatchItems>[0];
    graphText: string | null;
    idempotency: { key: string; bodyHash: string } | null;
  },
): Promise<{ batch: Batch; replayed: boolean }> {
  const { actor, body, graphText, idempotency } = request;
  const items = listBatchItems(body, graphText);
  await stages.admission(actor, items.length);
  const batchId = stages.createId<'batch'>();
  const tasks: NewTask[] = [];
  const seed = body.fixed_seed ? deps.drawSeed() : null;
  for (const [index, item] of items.entries()) {
    const options = { ...body, name: item.name ?? body.name };
    const itemDeps = seed === null ? deps : { ...deps, drawSeed: () => seed };
    const prepared = await prepareSubmission(itemDeps, {
      ownerId: actor.id,
      door: 'native',
      body: item.body,
      options,
      updates: item.updates,
    });
    tasks.push({ ...prepared.task, sealedSecrets: null, batch: { id: batchId, index } });
  }
  const row: BatchRow = {
    id: batchId,
    owner_id: actor.id,
    name: body.name ?? null,
    state: 'running',
    version: 1,
    priority: tasks[0]?.priority ?? 5,
    total: tasks.length,
    created_at: stages.database.nowMs(),
    ended_at: null,
  };
  const outcome = await acceptTasks(stages, tasks, {
    actor: actor.id,
    idempotency: idempotency ? { door: 'native-batch', ...idempotency } : null,
    batch: row,
  });
  if (outcome.kind === 'repeated') {
    const known = await loadBatchRow(stages.database, stages.visibleTo(actor), outcome.subjectId as BatchId);
    return { batch: await viewBatch(stages.database, known), replayed: true };
  }
  await enterAccepted(stages, outcome.tasks, []);
  return { batch: await viewBatch(stages.database, row), replayed: false };
}

/** Pause holds what waits, resume lets it go, cancel ends what has not ended. What runs goes on, except when canceled. */
async function changeBatch(
  stages: Stages,
  actor: Actor,
  { id, change }: { id: BatchId; change: 'pause' | 'resume' | 'cancel' },
): Promise<Batch> {
  const { database } = stages;
  const row = await loadBatchRow(database, stages.visibleTo(actor), id);
  const state = ({ pause: 'paused', resume: 'running', cancel: 'canceled' } as const)[change];
  if (row.state === 'canceled' && state !== 'canceled') throw new AppError('CONFLICT', { status: row.state });
  const query = database.k
    .updateTable('batch')
    .set({ state, version: row.version + 1 })
    .where('id', '=', id)
    .where('version', '=', row.version);
  const outcome = await database.commit([{ query, rows: 1 }]);
  if (outcome.kind === 'refused') throw new AppError('CONFLICT', { batch_id: id });
  const tasks = await database.read(
    database.k
      .selectFrom('task')
      .selectAll()
      .where('batch_id', '=', id)
      .where('state', 'in', ['held', 'queued', 'running']),
  );
  for (const task of tasks) {
    if (change === 'cancel') await cancelTask(stages, task, actor.id);
    else if (change === 'pause' && task.state === 'queued') await pauseTask(stages, task);
    else if (change === 'resume' && task.held_reason === 'batch_paused') await stages.spine.release(task);
  }
  return viewBatch(database, await loadBatchRow(database, stages.visibleTo(actor), id));
}

async function pauseTask({ journal, queue }: Stages, task: TaskRow): Promise<void> {
  const held = await journal.change(task.id, (row) =>
    row.state === 'queued' ? { changes: [{ type: 'task.held', heldReason: 'batch_paused' }] } : null,
  );
  if (held) await queue.drop(task.id as TaskId);
}

async function openResult(
  stages: Stages,
  actor: Actor,
  { id, index }: { id: TaskId; index: number },
): Promise<ContentStream> {
  const task = await loadVisibleTask(stages.database, stages.visibleTo(actor), id);
  if (task.state !== 'succeeded') throw new AppError('TASK_NOT_FINISHED', { status: task.state });
  const asset = (await stages.database.read(findTaskAssets(stages.database.k, id))).find(
    (row) => row.output_index === index,
  );
  if (!asset) throw new AppError('RESULT_NOT_FOUND', { task_id: id, index });
  return toContent(stages.blobs, asset);
}

function toContent(blobs: BlobStore, row: AssetRow): ContentStream {
  const { id, name, contentType, sizeBytes, hash, kind, createdAtMs } = toAssetRecord(row);
  return {
    assetId: id,
    name,
    contentType,
    sizeBytes,
    hash,
    kind,
    createdAtMs,
    open: (range) => blobs.open(hash, range),
  };
}

function createWorkflowCalls(stages: Stages): Flow['workflows'] {
  const { library, fleet } = stages;
  const view = (name: string): Workflow => {
    const workflow = library.find(name);
    if (!workflow) throw new AppError('WORKFLOW_NOT_FOUND', { workflow_name: name });
    return viewWorkflow(workflow, fleet.list());
  };
  return {
    list: async (taskType) => library.list(taskType).map((workflow) => viewWorkflow(workflow, fleet.list())),
    load: async (name) => view(name),
    validate: async (name, parameters) => {
      const workflow = library.find(name);
      if (!workflow) throw new AppError('WORKFLOW_NOT_FOUND', { workflow_name: name });
      const bound = bindParameters(workflow, parameters, {
        drawSeed: () => drawSeed(stages.random.bytes(7)),
      });
      const errors = bound.ok ? [] : bound.problems;
      return {
        valid: bound.ok,
        errors,
        warnings: bound.warnings,
        processed: bound.ok ? bound.parameters : {},
      };
    },
    reload: () => library.reload(),
  };
}

function createAssetCalls(stages: Stages): Flow['assets'] {
  const { assets, blobs, visibleTo } = stages;
  return {
    create: async (actor, upload) => {
      const { row, blobWasNew } = await assets.create({
        ownerId: actor.id,
        name: upload.name,
        contentType: upload.contentType,
        bytes: upload.bytes,
        filePath: upload.filePath ?? null,
        tags: upload.tags ?? [],
        expectedHash: upload.expectedHash ?? null,
        lifeMs: upload.expiresInSeconds
          ? upload.expiresInSeconds * 1000
          : stages.options.assetLimits.uploadLifeMs,
        accept: upload.accept,
      });
      return { asset: toAssetRecord(row), blobWasNew };
    },
    createFromHash: async (actor, request) => {
      const made = await assets.createFromHash({
        ownerId: actor.id,
        hash: request.hash,
        filePath: request.filePath ?? null,
        tags: request.tags ?? [],
        lifeMs: request.expiresInSeconds
          ? request.expiresInSeconds * 1000
          : stages.options.assetLimits.uploadLifeMs,
      });
      return made ? { asset: toAssetRecord(made.row), existed: made.existed } : null;
    },
    hasHash: (actor, hash) => assets.hasHash(actor.id, hash),
    load: async (actor, id) => toAssetRecord(await assets.load(visibleTo(actor), id)),
    listUploads: async (actor, limit) =>
      (await assets.listUploads(visibleTo(actor), limit)).map(toAssetRecord),
    remove: (actor, id) => assets.remove(visibleTo(actor), id),
    open: async (actor, id) => toContent(blobs, await assets.load(visibleTo(actor), id)),
    openSigned: async (id: AssetId) => toContent(blobs, await assets.load({ kind: 'all' }, id)),
    toUpload: (record): Upload => ({
      upload_id: record.id,
      name: record.name,
      content_type: record.contentType,
      size_bytes: record.sizeBytes,
      hash: `blake3:${record.hash}`,
      width: record.width,
      height: record.height,
      created_at: new Date(record.createdAtMs).toISOString(),
      url: stages.linkTo(record.id),
    }),
  };
}
