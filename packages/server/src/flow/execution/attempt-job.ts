import type { CollectedOutput, ComfyHttp, FinishedBy, Graph, TimeSlice } from '@comfleet/comfyui';
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
import type { SeenProgress, WorkerTracker } from './worker-tracker.ts';

/** The worker of an attempt, as far as running the attempt needs it. */
export interface RunningWorker {
  readonly http: ComfyHttp;
  readonly tracker: WorkerTracker;
  readonly socketId: string;
  /** Its ComfyUI accepts a preview method with each prompt (≥ 0.5.0). */
  readonly takesPreviewMethod: boolean;
  expectStatus(): { accepted(): void; cancel(): void };
  markSuspect(): void;
  /** Records that the worker finished a prompt. */
  recordServed(): void;
  /** The graph with its choices spelled as this worker lists them. */
  spell(graph: Graph): Graph;
  /** Output nodes of the graph that the worker does not execute; empty while `executes` is not known (null). */
  findLeftOut(graph: Graph, executes: readonly string[] | null): string[];
}

/** Collected outputs: what the final commit adds to the task's own change. */
export interface Collected {
  /** Rows of the stored bytes, written however the attempt ends. */
  blobs: Write[];
  /** Rows that make the bytes the task's results. */
  writes: Write[];
  resultCount: number;
  /** What was left out, and why. */
  warnings: readonly TaskText[];
  /** The same as errors, in the order of the outputs. */
  problems: readonly { code: ErrorCode; details: Record<string, unknown> }[];
  /** Runs after the commit: readable copies, events. */
  publish: () => void;
}

export interface RunnerDeps extends StepDeps {
  clock: Clock;
  logger: Logger;
  previewMethod: () => PreviewMethod;
  loadGraphText(hash: string): Promise<string>;
  /** Details of POLICY_REFUSED if a rule of the administrator refuses the graph by now; null if it may run on this worker. */
  findRefusedNodes(
    task: TaskRow,
    on: { workerId: WorkerId; graph: Graph; slice: TimeSlice },
  ): Promise<Record<string, unknown> | null>;
  loadSecrets(taskId: TaskId): Promise<Record<string, unknown>>;
  /** True for a task with paid nodes: the submission is stored before it is made. */
  isPaid: (task: Pick<TaskRow, 'requirements'>) => boolean;
  /** True for a task that is not sent again automatically once it may have run. */
  mustAsk: (task: Pick<TaskRow, 'requirements'>) => boolean;
  /** Uploads a file of ours to the worker and returns the value for its graph input. */
  uploadInput(input: InputFile, http: ComfyHttp, signal: AbortSignal): Promise<string>;
  collect(job: {
    task: TaskRow;
    attempt: AttemptRow;
    outputs: readonly CollectedOutput[];
    /** Nodes that did not run in this prompt. */
    cachedNodeIds: readonly string[];
    prepared: PreparedGraph;
    http: ComfyHttp;
    /** Ends the wait for a worker that does not return. */
    signal: AbortSignal;
  }): Promise<Collected>;
  /** Restarts the process of a worker that is ours; null for any other. */
  findRestart(workerId: WorkerId): (() => Promise<void>) | null;
  counters: ExecutionCounters;
  /** The prompt has started on its worker. */
  onStarted(task: TaskRow): void;
  onProgress(task: TaskRow, progress: SeenProgress): void;
  onPreview(task: TaskRow, nodeId: string, mimeType: string, image: Uint8Array): void;
}

export interface AttemptJob {
  task: TaskRow;
  attempt: AttemptRow;
  worker: RunningWorker;
  /** The attempt was open after a restart: nothing is sent, the prompt is looked up. */
  resumed: boolean;
  /** Aborted when the attempt must stop; its reason is a `StopReason`. */
  stop: AbortSignal;
  /** The prompt is in the worker's queue, or runs. */
  onPhase: (phase: 'waiting' | 'running') => void;
  /** The running prompt showed progress. */
  onProgress: () => void;
}

/**
 * Why a running attempt is stopped from outside. `worker_lost`: the worker is unreachable and may still run the prompt.
 * `worker_died`: its process was seen to end. `preempted`: the prompt was removed from its queue.
 */
export type StopReason = 'canceled' | 'timeout' | 'worker_lost' | 'worker_died' | 'shutdown' | 'preempted';

export interface AttemptEnd {
  result: AttemptResult;
  steps: TaskChange[];
  attempt: AttemptRow;
  collected: Collected | null;
  /** Warnings for users about how the task ended. */
  warnings: readonly TaskText[];
  finishedBy: FinishedBy | null;
}

/** An end whose steps are not stored yet. */
export type Ended = Pick<AttemptEnd, 'result' | 'collected' | 'warnings' | 'finishedBy'>;

export function notCollected(result: AttemptResult): Ended {
  return { result, collected: null, warnings: [], finishedBy: null };
}
