import { isPaidClass, type ProgressState } from '@comfleet/comfyui';
import type { AssetId, Id, IdKind, Progress, WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../fleet/workers/registry.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import type { Assets } from '../assets/assets.ts';
import type { BlobStore } from '../assets/blob-store.ts';
import { collectOutputs, type ResultLimits } from '../assets/collect-outputs.ts';
import { publishNames } from '../assets/output-names.ts';
import { describeProblems, toProblemError } from '../assets/output-problem.ts';
import type { RunEstimates } from '../estimates/run-estimates.ts';
import type { LiveUpdateHub } from '../events/live-updates.ts';
import type { DispatcherDeps } from '../execution/dispatcher.ts';
import { DEFAULT_RETRY } from '../execution/ending.ts';
import type { ExecutionCounters } from '../execution/execution-counters.ts';
import { createFingerprint } from '../execution/fingerprint.ts';
import { restoreName } from '../execution/prepare-graph.ts';
import type { RetryBudget } from '../execution/retry-budget.ts';
import type { PaidReruns, PreviewMethod } from '../execution/settings.ts';
import type { FlowTables } from '../flow-tables.ts';
import type { GraphPolicies } from '../tasks/graph-policies.ts';
import { loadGraphText } from '../tasks/graph-texts.ts';
import { addPaidClasses, isPaid } from '../tasks/paid-classes.ts';
import { parseRequirements } from '../tasks/requirements.ts';
import type { Secrets } from '../tasks/secrets.ts';
import type { TaskJournal } from '../tasks/task-journal.ts';
import { writeAttempt, writeFingerprint, writeNewAttempt, writeTaskWarnings } from '../tasks/task-rows.ts';
import type { AttemptFingerprintRow, AttemptRow, TaskRow } from '../tasks/task-tables.ts';

/** What running an attempt takes from the other stages. */
export interface ExecutionParts {
  database: Database<FlowTables>;
  fleet: Pick<WorkerRegistry, 'find' | 'knownInventories'>;
  /** Version of Comfleet. */
  version: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  createId: <K extends IdKind>() => Id<K>;
  journal: TaskJournal;
  live: LiveUpdateHub;
  assets: Assets;
  blobs: BlobStore;
  policies: GraphPolicies;
  secrets: Secrets;
  estimates: RunEstimates;
  counters: ExecutionCounters;
  retries: RetryBudget;
  /** Restarts the process of a worker that is one of our instances; null for any other. */
  findRestart: (workerId: WorkerId) => (() => Promise<void>) | null;
}

export interface OutputOptions {
  /** Folder for copies with readable names; null for none. */
  outputDir: string | null;
  /** The current limits of results. */
  resultLimits: () => ResultLimits;
}

export interface ExecutionOptions extends OutputOptions {
  /** Requested with each prompt, unless its caller or its worker decides otherwise. */
  previewMethod: () => PreviewMethod;
  /** The current setting. */
  paidReruns: () => PaidReruns;
}

/** Assembles what attempts need from the other stages. */
export function createExecution(
  parts: ExecutionParts,
  options: ExecutionOptions,
): Omit<DispatcherDeps, 'planRetryLane' | 'slots'> {
  const { database, clock, logger, createId, journal, live, secrets, estimates } = parts;
  return {
    database,
    journal,
    clock,
    logger,
    createId,
    previewMethod: options.previewMethod,
    retry: { ...DEFAULT_RETRY, random: () => parts.random.fraction() },
    writeAttempt: (row) => writeAttempt(database.k, row),
    writeNewAttempt: (row) => writeNewAttempt(database.k, row),
    writeFingerprint: (task, attempt) => writeFingerprint(database.k, describeAttempt(parts, task, attempt)),
    writesAtEnd: (task) => secrets.writesAtEnd(task),
    writeWarnings: (taskId, warnings) =>
      writeTaskWarnings(database.k, { task_id: taskId, source: 'attempt', warnings, at: database.nowMs() }),
    amendNeeds: (task, workerId) => amendNeeds(parts.fleet, task, workerId),
    isPaid,
    mustAsk: (task) => options.paidReruns() === 'ask' && isPaid(task),
    describeClaim: (task, workerId) => estimates.describeClaim(task, workerId),
    onStarted: (task) => estimates.recordStart(task.id, database.nowMs()),
    loadGraphText: (hash) => loadGraphText(database, hash),
    findRefusedNodes: (task, on) => findRefusedNodes(parts, task, on),
    loadSecrets: (taskId) => secrets.load(taskId),
    uploadInput: (input, http, signal) => uploadInput(parts, { assetId: input.assetId, http, signal }),
    collect: createCollection(parts, options),
    findRestart: (workerId) => parts.findRestart(workerId),
    counters: parts.counters,
    retries: parts.retries,
    findProgress: (taskId) => live.progressOf(taskId),
    onProgress: (task, { state, available }) =>
      live.reportProgress(task, { ...toProgress(state), available }),
    onPreview: (task, nodeId, mimeType, bytes) => live.reportPreview(task, { nodeId, mimeType, bytes }),
  };
}

/** Adds the paid nodes, as the worker of the attempt lists them; for a worker that left the fleet, as any known worker does. */
function amendNeeds(
  fleet: ExecutionParts['fleet'],
  { requirements }: TaskRow,
  workerId: WorkerId,
): string | null {
  const own = fleet.find(workerId)?.inventory;
  const objectInfos = new Set((own ? [own] : fleet.knownInventories()).map(({ objectInfo }) => objectInfo));
  return addPaidClasses(requirements, (classType) =>
    [...objectInfos].some((objectInfo) => isPaidClass(objectInfo, classType)),
  );
}

/** How many refused nodes a task keeps with its error: nobody reads more. */
const MAX_REFUSED_NODES = 20;

function findRefusedNodes(
  { policies, fleet }: Pick<ExecutionParts, 'policies' | 'fleet'>,
  { owner_id: ownerId, project_id: projectId, workflow_name: workflow }: TaskRow,
  { workerId, graph, slice }: Parameters<DispatcherDeps['findRefusedNodes']>[1],
): ReturnType<DispatcherDeps['findRefusedNodes']> {
  const known = fleet.find(workerId)?.inventory ?? null;
  const servers = known === null ? [] : [known];
  const owner = { ownerId, projectId, workflow };
  return policies.check({ ...owner, graph, servers, maxProblems: MAX_REFUSED_NODES, slice });
}

function createCollection(
  { database, blobs, clock, logger, createId }: ExecutionParts,
  { outputDir, resultLimits }: OutputOptions,
): DispatcherDeps['collect'] {
  return async ({ task, attempt, outputs, cachedNodeIds, prepared, http, signal }) => {
    const { assets, problems, ...rows } = await collectOutputs(
      { database, blobs, clock, logger, createId, ...resultLimits() },
      {
        task,
        attempt,
        outputs,
        cachedNodeIds: new Set(cachedNodeIds),
        twins: prepared.twins,
        restoreName: (name) => restoreName(name, prepared.tag),
        http,
        signal,
      },
    );
    return {
      blobs: rows.blobs,
      writes: rows.writes,
      resultCount: assets.length,
      warnings: describeProblems(problems, rows.unnamed),
      problems: problems.map(toProblemError),
      publish: () => publishNames({ blobs, logger, outputDir }, task, assets),
    };
  };
}

/** The fingerprint row of an attempt, from its worker's last inventory. */
function describeAttempt(
  { fleet, version }: Pick<ExecutionParts, 'fleet' | 'version'>,
  task: TaskRow,
  attempt: AttemptRow,
): AttemptFingerprintRow {
  const fingerprint = createFingerprint({
    comfleetVersion: version,
    graphHash: task.graph_hash,
    models: parseRequirements(task.requirements).models,
    reported: fleet.find(attempt.worker_id)?.snapshot().inventory ?? null,
  });
  return { task_id: task.id, attempt_id: attempt.id, fingerprint: JSON.stringify(fingerprint) };
}

const ALMOST_DONE = 0.999;

/** Progress as watchers see it. It stays below 1, because files are still fetched after ComfyUI's last frame (PR3). */
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

/** Uploads under a content-hash name, which never overwrites another file (RS15). Returns the name that the worker gave it. */
async function uploadInput(
  { assets, blobs }: Pick<ExecutionParts, 'assets' | 'blobs'>,
  job: { assetId: AssetId; http: Parameters<DispatcherDeps['uploadInput']>[1]; signal: AbortSignal },
): Promise<string> {
  const row = await assets.load({ kind: 'all' }, job.assetId);
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
