import type { TaskId } from '@comfleet/contract';
import type { Database } from '../platform/database/database.ts';
import type { AssetRow } from '../platform/database/schema.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import { findTaskAssets } from './assets/asset-rows.ts';
import { Assets } from './assets/assets.ts';
import type { BlobStore } from './assets/blob-store.ts';
import { openRetention } from './assets/retention.ts';
import { createAssetCalls, openResult } from './calls/assets/asset-calls.ts';
import { listBatches, loadBatchDetail } from './calls/batches/batches.ts';
import { changeBatch, submitBatch } from './calls/batches/change-batches.ts';
import { finishBatchChanges } from './calls/batches/finish-batch-changes.ts';
import { checkTask, listPending } from './calls/tasks/debugging.ts';
import { drawSeed } from './calls/tasks/draw-seed.ts';
import { describeBalancer, explainTask } from './calls/tasks/explain-task.ts';
import { openKnownInventories } from './calls/tasks/known-inventories.ts';
import type { SubmissionDeps } from './calls/tasks/submission.ts';
import { cancelTask, rerunTask, submitTask } from './calls/tasks/submit-tasks.ts';
import { TaskViews } from './calls/tasks/task-views.ts';
import { type WatchDeps, watchBatch, watchOwn, watchTask } from './calls/tasks/watching.ts';
import { createWorkflowCalls } from './calls/workflows/workflow-calls.ts';
import { storeWorkflowVersions } from './calls/workflows/workflow-versions.ts';
import { announceChanges } from './engine/announce-changes.ts';
import { createExecution } from './engine/create-execution.ts';
import { openSpine, type Spine } from './engine/engine.ts';
import { openForecasts } from './estimates/open-forecasts.ts';
import { RunEstimates } from './estimates/run-estimates.ts';
import { EventHub } from './events/event-hub.ts';
import { PreviewThrottle } from './events/preview-throttle.ts';
import { ProgressBoard } from './events/progress-board.ts';
import { createExecutionCounters } from './execution/execution-counters.ts';
import { RetryBudget } from './execution/retry-budget.ts';
import type { Flow } from './flow.ts';
import { toModelsKey } from './placement/needs.ts';
import type { PlacementRules } from './placement/rules.ts';
import { EmbeddedQueue } from './queue/embedded-queue.ts';
import type { FlowDeps, FlowOptions, Stages } from './stages.ts';
import { loadGraphText } from './tasks/accept-tasks.ts';
import { TaskJournal } from './tasks/task-journal.ts';
import { loadVisibleTask, streamWaitingTasks } from './tasks/task-queries.ts';

const PREVIEW_PERIOD_MS = 500;

/** Builds the path of a task out of its stages; everything it starts belongs to the scope. */
export async function openFlow(scope: Scope, deps: FlowDeps, options: FlowOptions): Promise<OpenedFlow> {
  const { database, logger } = deps;
  const hub = new EventHub((error) => logger.warn('watcher.failed', { error: String(error) }));
  const board = new ProgressBoard();
  const previews = new PreviewThrottle(deps.clock, PREVIEW_PERIOD_MS);
  const estimates = new RunEstimates(database, toModelsKey);
  const counters = createExecutionCounters();
  const retries = new RetryBudget();
  const finished: Record<string, number> = {};
  const held = new Set<string>();
  for await (const task of streamWaitingTasks(database, ['held'])) held.add(task.id);
  const announce = announceChanges({ hub, board, previews, estimates, retries, held, finished });
  const journal = new TaskJournal(database, announce);
  await estimates.load();
  await storeWorkflowVersions(database, deps.library.list());
  const { agingMs } = options.placement;
  const queue = new EmbeddedQueue({ now: () => deps.clock.monotonicMs(), agingMs });
  const assets = createAssets(deps, options);
  const made = { journal, hub, board, previews, assets, counters, retries, estimates };
  const execution = createExecution({ ...deps, ...made }, options);
  await finishBatchChanges({ database, journal, secrets: deps.secrets });
  const spine = await openSpine(scope, {
    database,
    journal,
    queue,
    fleet: deps.fleet,
    clock: deps.clock,
    logger,
    dispatcher: execution,
    rules: createRules(deps, options, { estimates, queue }),
    offlineGraceMs: options.offlineGraceMs,
  });
  openRetention(scope, { database, blobs: deps.blobs, assets, clock: deps.clock, logger }, options.retention);
  const forecasts = openForecasts(scope, { ...deps, estimates, queue, spine });
  const stages: Stages = {
    ...deps,
    options,
    hub,
    board,
    estimates,
    forecasts,
    journal,
    queue,
    assets,
    spine,
    held,
    finished,
    counters,
  };
  return { flow: createFlow(stages, openKnownInventories(scope, deps.fleet)), spine, hub };
}

function createAssets({ database, blobs, createId }: FlowDeps, options: FlowOptions): Assets {
  const { inputDir, assetLimits: limits } = options;
  return new Assets({ database, blobs, createId, inputDir, limits });
}

/** As they are at each decision: strategy, limits and measurements change while it runs. */
function createRules(
  deps: FlowDeps,
  { placement, taskTypeLimit }: FlowOptions,
  { estimates, queue }: { estimates: RunEstimates; queue: EmbeddedQueue },
) {
  const random = () => deps.random.fraction();
  return (): PlacementRules => ({
    strategy: placement.strategy(),
    bypass: placement.bypass(),
    typeLimit: taskTypeLimit,
    durations: estimates.durations,
    laneSize: (lane) => queue.count(lane),
    random,
  });
}

export interface OpenedFlow {
  flow: Flow;
  spine: Spine;
  hub: EventHub;
}

function createFlow(stages: Stages, inventories: SubmissionDeps['inventories']): Flow {
  const { database, visibleTo, spine } = stages;
  const views = createViews(stages);
  const preview = (taskId: string) => stages.board.findPreview(taskId);
  const watch: WatchDeps = { database, hub: stages.hub, views, preview };
  const submission = createSubmission(stages, inventories);
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
    explainTask: (actor, id) => explainTask(stages, visibleTo(actor), id),
    describeBalancer: () => describeBalancer(stages),
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
    estimateErrors: () => stages.estimates.errors(),
    assets: createAssetCalls(stages),
    debug: {
      pending: async (actor) => listPending(stages, visibleTo(actor)),
      check: async (actor, id) => checkTask(stages, visibleTo(actor), id),
    },
    stats: () => ({
      waiting: stages.queue.size(),
      held: stages.held.size,
      running: spine.dispatcher.size,
      finished: { ...stages.finished },
      finishedBy: { ...spine.dispatcher.finishedBy },
      ...stages.counters,
    }),
  };
}

function createViews(stages: Stages): TaskViews {
  const { database, fleet, queue, forecasts, board, blobs } = stages;
  return new TaskViews({
    database,
    loadAssets: (taskIds) => loadResults(database, taskIds),
    loadText: (asset) => loadText(blobs, asset),
    context: {
      workerName: (id) => fleet.find(id)?.name ?? null,
      progress: (id) => board.find(id),
      queuePosition: (id) => queue.position(id as TaskId),
      forecast: (task) => forecasts.forecast(task),
      secondsLeft: (forecast) => forecasts.secondsLeft(forecast),
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

function createSubmission(
  { library, assets, random, options, fleet }: Stages,
  inventories: SubmissionDeps['inventories'],
): SubmissionDeps {
  return {
    library,
    assets,
    inventories,
    workers: () => fleet.list(),
    drawSeed: () => drawSeed(random.bytes(7)),
    defaults: { priority: options.priority, timeoutMs: options.timeoutMs, maxAttempts: options.maxAttempts },
  };
}
