import type { ProgressState } from '@comfleet/comfyui';
import type { Progress, TaskId, WorkerId } from '@comfleet/contract';
import type { TaskRow } from '../../platform/database/schema.ts';
import type { Assets } from '../assets/assets.ts';
import { collectOutputs } from '../assets/collect-outputs.ts';
import { publishNames } from '../assets/output-names.ts';
import type { RunEstimates } from '../estimates/run-estimates.ts';
import type { EventHub } from '../events/event-hub.ts';
import { MAX_PREVIEW_BYTES, type PreviewThrottle } from '../events/preview-throttle.ts';
import type { ProgressBoard } from '../events/progress-board.ts';
import type { DispatcherDeps } from '../execution/dispatcher.ts';
import { DEFAULT_RETRY } from '../execution/ending.ts';
import type { ExecutionCounters } from '../execution/execution-counters.ts';
import { restoreName } from '../execution/prepare-graph.ts';
import type { RetryBudget } from '../execution/retry-budget.ts';
import type { FlowDeps, FlowOptions } from '../stages.ts';
import { loadGraphText } from '../tasks/accept-tasks.ts';
import type { TaskJournal } from '../tasks/task-journal.ts';
import { writeAttempt, writeNewAttempt } from '../tasks/task-rows.ts';

type ExecutionDeps = FlowDeps & {
  journal: TaskJournal;
  hub: EventHub;
  board: ProgressBoard;
  previews: PreviewThrottle;
  assets: Assets;
  counters: ExecutionCounters;
  retries: RetryBudget;
  estimates: RunEstimates;
};

/** What running an attempt needs of the other stages, put together. */
export function createExecution(
  deps: ExecutionDeps,
  options: FlowOptions,
): Omit<DispatcherDeps, 'planRetryLane' | 'slots'> {
  const { database, blobs, clock, logger, hub, board } = deps;
  return {
    database,
    journal: deps.journal,
    clock,
    logger,
    createId: deps.createId,
    retry: { ...DEFAULT_RETRY, random: () => deps.random.fraction() },
    writeAttempt: (row) => writeAttempt(database.k, row),
    writeNewAttempt: (row) => writeNewAttempt(database.k, row),
    writesAtEnd: (task) => deps.secrets.writesAtEnd(task),
    describeClaim: (task, workerId) => deps.estimates.describeClaim(task, workerId),
    onStarted: (task) => deps.estimates.noteStart(task.id, database.nowMs()),
    loadGraphText: (hash) => loadGraphText(database, hash),
    loadSecrets: (taskId) => deps.secrets.load(taskId),
    uploadInput: (input, http, signal) => uploadInput(deps, { assetId: input.assetId, http, signal }),
    collect: async ({ task, attempt, outputs, prepared, http, signal }) => {
      const { writes, assets } = await collectOutputs(
        {
          database,
          blobs,
          clock,
          logger,
          createId: deps.createId,
          maxFileBytes: options.maxFileBytes,
          maxFiles: options.maxFiles,
        },
        {
          task,
          attempt,
          outputs,
          twins: prepared.twins,
          restoreName: (name) => restoreName(name, prepared.tag),
          http,
          signal,
        },
      );
      const publish = () => publishNames({ blobs, logger, outputDir: options.outputDir }, task, assets);
      return { writes, publish };
    },
    findRestart: (workerId) => deps.findRestart(workerId as WorkerId),
    counters: deps.counters,
    retries: deps.retries,
    findProgress: (taskId) => board.find(taskId),
    onProgress: (task, state, available) => {
      const progress = { ...toProgress(state), available };
      board.put(task.id, progress);
      hub.publish({ kind: 'progress', ...toAddress(task), progress });
    },
    onPreview: createPreviews(deps),
  };
}

const ALMOST_DONE = 0.999;

/** Previews go to watchers only, newest first, at most two a second; the newest is kept for whoever comes to watch. */
function createPreviews({ hub, board, previews }: ExecutionDeps): DispatcherDeps['onPreview'] {
  return (task, nodeId, mimeType, image) => {
    if (image.byteLength > MAX_PREVIEW_BYTES) return;
    const toPreview = (bytes: Uint8Array) => ({
      node_id: nodeId,
      content_type: mimeType,
      data_base64: Buffer.from(bytes).toString('base64'),
    });
    if (!hub.isWatched(task.id as TaskId, task.owner_id, task.batch_id)) {
      // The frame's memory is the socket's: what is kept is copied, and encoded only when it is read.
      const kept = image.slice();
      board.putPreview(task.id, () => toPreview(kept));
      return;
    }
    previews.offer(task.id, image, (bytes) => {
      const preview = toPreview(bytes);
      board.putPreview(task.id, () => preview);
      hub.publish({ kind: 'preview', ...toAddress(task), preview });
    });
  };
}

function toAddress(task: TaskRow) {
  return { taskId: task.id as TaskId, ownerId: task.owner_id, batchId: task.batch_id };
}

/** ComfyUI's frames as everyone sees them; files are still to be fetched after its last one, so 1 is not reached (PR3). */
function toProgress(state: ProgressState): Omit<Progress, 'available'> {
  return {
    value: Math.min(state.fraction, ALMOST_DONE),
    nodes_done: state.nodesDone,
    nodes_total: state.nodesTotal,
    nodes_cached: state.nodesCached,
    current_node: state.currentNodeId,
    current_node_class: state.currentClass,
    // Some nodes count in fractions; our wire counts whole steps.
    step: state.step === null ? null : Math.floor(state.step),
    steps: state.steps === null ? null : Math.ceil(state.steps),
  };
}

/** Content-hash names never overwrite another file on the worker (RS15); what the worker answers is what the graph gets. */
async function uploadInput(
  { assets, blobs }: ExecutionDeps,
  job: { assetId: string; http: Parameters<DispatcherDeps['uploadInput']>[1]; signal: AbortSignal },
): Promise<string> {
  const row = await assets.load({ kind: 'all' }, job.assetId as never);
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(row.name)?.[0] ?? '';
  const uploaded = await job.http.uploadImage(
    {
      stream: blobs.open(row.blob_hash),
      sizeBytes: row.size_bytes,
      filename: `${row.blob_hash.slice(0, 32)}${extension}`,
      subfolder: 'comfleet',
    },
    { signal: job.signal },
  );
  return uploaded.subfolder ? `${uploaded.subfolder}/${uploaded.name}` : uploaded.name;
}
