import type { Id, IdKind, WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../fleet/workers/registry.ts';
import { type AssetLimits, Assets } from '../flow/assets/assets.ts';
import type { BlobStore } from '../flow/assets/blob-store.ts';
import { openRetention, type RetentionLimits } from '../flow/assets/retention.ts';
import { finishBatchChanges } from '../flow/calls/batches/finish-batch-changes.ts';
import { openKnownOffers } from '../flow/calls/tasks/known-inventories.ts';
import { storeWorkflowVersions } from '../flow/calls/workflows/workflow-versions.ts';
import { announceChanges } from '../flow/engine/announce-changes.ts';
import { type EngineOptions, openEngine } from '../flow/engine/embedded-engine.ts';
import type { Engine } from '../flow/engine/engine.ts';
import { TaskTallies } from '../flow/engine/task-tallies.ts';
import { RunEstimates } from '../flow/estimates/run-estimates.ts';
import { LiveUpdateHub } from '../flow/events/live-updates.ts';
import { createExecutionCounters } from '../flow/execution/execution-counters.ts';
import { RetryBudget } from '../flow/execution/retry-budget.ts';
import { toModelsKey } from '../flow/placement/needs.ts';
import type { Admission } from '../flow/tasks/admission.ts';
import type { GraphPolicies } from '../flow/tasks/graph-policies.ts';
import type { Secrets } from '../flow/tasks/secrets.ts';
import { TaskJournal } from '../flow/tasks/task-journal.ts';
import type { GraphLimits } from '../flow/workflows/settings.ts';
import { StandIns } from '../flow/workflows/stand-ins.ts';
import type { WorkflowLibrary } from '../flow/workflows/workflow-library.ts';
import type { Database } from '../platform/database/database.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Clock, Random } from '../platform/time/clock.ts';
import { type Calls, openCalls } from './open-calls.ts';
import type { Tables } from './tables.ts';
import { VERSION } from './version.ts';

export interface FlowDeps {
  database: Database<Tables>;
  fleet: WorkerRegistry;
  library: WorkflowLibrary;
  blobs: BlobStore;
  clock: Clock;
  random: Random;
  logger: Logger;
  createId: <K extends IdKind>() => Id<K>;
  /** Checks quotas before tasks and files are accepted. Throws QUOTA_EXCEEDED. */
  admission: Admission;
  /** The administrator's rules for graphs. */
  policies: GraphPolicies;
  secrets: Secrets;
  /** Restarts the process of a worker that is one of our instances; null for any other. */
  findRestart: (workerId: WorkerId) => (() => Promise<void>) | null;
  /** Signed link to an asset's bytes. */
  linkTo: (assetId: string) => string;
}

export interface FlowOptions {
  engine: EngineOptions;
  inputDir: string | null;
  assetLimits: () => AssetLimits;
  graphLimits: () => GraphLimits;
  /** For tasks that request nothing else; priority 1 … 10, by task type. */
  defaults: { priority: (taskType: string) => number; timeoutMs: () => number; maxAttempts: () => number };
  /** Current maximum of running tasks of a type on all workers together; null means no limit. */
  taskTypeLimit: (taskType: string) => number | null;
  retention: () => RetentionLimits;
}

export interface OpenedFlow {
  engine: Engine;
  calls: Calls;
}

/** Opens flow from the bottom up: estimates and journal, the engine, the calls of doors. */
export async function openFlow(scope: Scope, deps: FlowDeps, options: FlowOptions): Promise<OpenedFlow> {
  const { database, blobs, clock, logger, createId, library } = deps;
  const live = new LiveUpdateHub(clock, (error) => logger.warn('watcher.failed', { error: String(error) }));
  const estimates = new RunEstimates(database, toModelsKey);
  await estimates.load();
  const tallies = new TaskTallies();
  const retries = new RetryBudget();
  const journal = new TaskJournal(database, announceChanges({ live, estimates, retries, tallies }));
  await storeWorkflowVersions(database, library.list());
  const { inputDir, assetLimits } = options;
  const assets = new Assets({
    ...{ database, blobs, createId, inputDir, admission: deps.admission },
    get limits() {
      return assetLimits();
    },
  });
  await finishBatchChanges({ database, journal, secrets: deps.secrets });
  const counters = createExecutionCounters();
  const offers = openKnownOffers(scope, deps.fleet);
  const stages = { journal, live, estimates, assets, ...offers, standIns: new StandIns() };
  const engine = await openEngine(
    scope,
    { ...deps, ...stages, tallies, retries, counters, version: VERSION },
    options.engine,
  );
  openRetention(scope, { database, blobs, assets, clock, logger }, options.retention);
  const calls = openCalls(scope, { ...deps, ...stages, engine }, options);
  return { engine, calls };
}
