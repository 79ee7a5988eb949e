import type { CollectedOutput, ComfyHttp, FinishedBy, Graph, ProgressState } from '@comfleet/comfyui';
import type { ErrorCode, TaskId, WorkerId } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { Write } from '../../platform/database/database.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskChange } from '../tasks/task-change.ts';
import type { AttemptRow, TaskRow } from '../tasks/task-tables.ts';
import type { StepDeps } from './attempt-steps.ts';
import type { AttemptResult } from './ending.ts';
import type { ExecutionCounters } from './execution-counters.ts';
import type { InputFile, PreparedGraph } from './prepare-graph.ts';
import type { PreviewMethod } from './settings.ts';
import type { WorkerTracker } from './worker-tracker.ts';

/** The worker an attempt runs on, as much of it as running needs. */
export interface RunningWorker {
  readonly http: ComfyHttp;
  readonly tracker: WorkerTracker;
  readonly socketId: string;
  /** Its ComfyUI sets previews by the prompt (≥ 0.5.0). */
  readonly takesPreviewMethod: boolean;
  expectStatus(): { accepted(): void; cancel(): void };
  markSuspect(): void;
  /** It brought a prompt to its end. */
  recordServed(): void;
  /** The graph with what it picks from lists spelled as this worker does. */
  spell(graph: Graph): Graph;
  /** The graph's output nodes that are not among those it executes; none while it has not said which (null). */
  findLeftOut(graph: Graph, executes: readonly string[] | null): string[];
}

/** Outputs on their way into the store: what the final commit adds beside the task's own change. */
export interface Collected {
  /** Rows of the bytes, stored however the attempt ends. */
  blobs: Write[];
  /** Rows that make them the task's results. */
  writes: Write[];
  resultCount: number;
  /** What was left out, and why. */
  warnings: readonly TaskText[];
  /** What was left out, as errors, in the order of the outputs. */
  problems: readonly { code: ErrorCode; details: Record<string, unknown> }[];
  /** After the commit: readable copies, events. */
  publish: () => void;
}

export interface RunnerDeps extends StepDeps {
  clock: Clock;
  logger: Logger;
  previewMethod: PreviewMethod;
  loadGraphText(hash: string): Promise<string>;
  loadSecrets(taskId: TaskId): Promise<Record<string, unknown>>;
  /** It has nodes that cost money: that it is sent is stored before it is. */
  isPaid: (task: Pick<TaskRow, 'requirements'>) => boolean;
  /** It is not sent again by itself once it may have run. */
  mustAsk: (task: Pick<TaskRow, 'requirements'>) => boolean;
  /** Pushes a file of ours to the worker and answers the value its graph input must have. */
  uploadInput(input: InputFile, http: ComfyHttp, signal: AbortSignal): Promise<string>;
  collect(job: {
    task: TaskRow;
    attempt: AttemptRow;
    outputs: readonly CollectedOutput[];
    /** Nodes that did not run in this prompt. */
    cachedNodeIds: readonly string[];
    prepared: PreparedGraph;
    http: ComfyHttp;
    /** Ends the wait for a worker that does not come back. */
    signal: AbortSignal;
  }): Promise<Collected>;
  /** Restarts the process of a worker that is ours; null for any other. */
  findRestart(workerId: WorkerId): (() => Promise<void>) | null;
  counters: ExecutionCounters;
  /** The prompt began to run on its worker. */
  onStarted(task: TaskRow): void;
  onProgress(task: TaskRow, progress: ProgressState, available: boolean): void;
  onPreview(task: TaskRow, nodeId: string, mimeType: string, image: Uint8Array): void;
}

export interface AttemptJob {
  task: TaskRow;
  attempt: AttemptRow;
  worker: RunningWorker;
  /** Found open after a restart: nothing is sent, the prompt is looked for. */
  resumed: boolean;
  /** Aborted for a reason in words when the attempt must stop: `StopReason`. */
  stop: AbortSignal;
  /** The prompt stands in the worker's queue, or runs. */
  onPhase: (phase: 'waiting' | 'running') => void;
  /** The running prompt showed progress. */
  onHeard: () => void;
}

/**
 * Why a running attempt is stopped from outside. `worker_lost`: it stays away, so it may still run the prompt;
 * `worker_died`: its process was seen to end; `preempted`: its queue has the prompt no more.
 */
export type StopReason = 'canceled' | 'timeout' | 'worker_lost' | 'worker_died' | 'shutdown' | 'preempted';

export interface AttemptEnd {
  result: AttemptResult;
  steps: TaskChange[];
  attempt: AttemptRow;
  collected: Collected | null;
  /** What people are told of how the task ended. */
  warnings: readonly TaskText[];
  finishedBy: FinishedBy | null;
}

/** An end before its steps are stored. */
export type Ended = Pick<AttemptEnd, 'result' | 'collected' | 'warnings' | 'finishedBy'>;

export function notCollected(result: AttemptResult): Ended {
  return { result, collected: null, warnings: [], finishedBy: null };
}
