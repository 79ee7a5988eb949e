import type { Id, IdKind, WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../fleet/workers/registry.ts';
import type { Database } from '../platform/database/database.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Clock, Random } from '../platform/time/clock.ts';
import type { AssetLimits, Assets } from './assets/assets.ts';
import type { BlobStore } from './assets/blob-store.ts';
import type { RetentionLimits } from './assets/retention.ts';
import type { Spine } from './engine/engine.ts';
import type { Forecasts } from './estimates/forecasts.ts';
import type { RunEstimates } from './estimates/run-estimates.ts';
import type { EventHub } from './events/event-hub.ts';
import type { ProgressBoard } from './events/progress-board.ts';
import type { ExecutionCounters } from './execution/execution-counters.ts';
import type { PlacementRules, Strategy } from './placement/rules.ts';
import type { EmbeddedQueue } from './queue/embedded-queue.ts';
import type { Actor, VisibleTo } from './tasks/actor.ts';
import type { Secrets } from './tasks/secrets.ts';
import type { TaskJournal } from './tasks/task-journal.ts';
import type { WorkflowLibrary } from './workflows/workflow-library.ts';

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
  /** Restarts the process of a worker that is one of our instances; null for any other. */
  findRestart: (workerId: WorkerId) => (() => Promise<void>) | null;
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
  /** Most tasks of a type on all workers together, as set now; null means no limit. */
  taskTypeLimit: (taskType: string) => number | null;
  offlineGraceMs: number;
  placement: {
    /** Read at each decision: it can change at any time. */
    strategy: () => Strategy;
    bypass: () => PlacementRules['bypass'];
    /** A client without a start in a lane for this long is raised a step. */
    agingMs: () => number;
  };
  retention: RetentionLimits;
}

/** The stages once they are open, for the calls of doors. */
export interface Stages extends FlowDeps {
  options: FlowOptions;
  hub: EventHub;
  board: ProgressBoard;
  estimates: RunEstimates;
  forecasts: Forecasts;
  journal: TaskJournal;
  queue: EmbeddedQueue;
  assets: Assets;
  spine: Spine;
  /** Ids of held tasks, for the counts of health and metrics. */
  held: Set<string>;
  /** Tasks that ended since the start, by their end. */
  finished: Record<string, number>;
  counters: Readonly<ExecutionCounters>;
}
