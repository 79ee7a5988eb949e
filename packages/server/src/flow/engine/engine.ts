import type { EstimateError, RecordedError, TaskId, WorkerId } from '@comfleet/contract';
import type { Forecast } from '../estimates/finish-forecast.ts';
import type { ExecutionCounters } from '../execution/execution-counters.ts';
import type { WaitingReasons } from '../placement/explain.ts';
import type { TaskRow } from '../tasks/task-tables.ts';

/*
 * The engine places tasks and runs them. The path of a task, read from top to bottom:
 *
 *   accepted (calls/, tasks/)  →  enqueue: into its lane (queue/)  →  placement loop: free slot × lane heads (placement/)
 *     →  dispatch: claim in SQL, run on the worker, collect bytes (execution/, assets/)
 *     →  settled: succeeded, failed, canceled, or back into its lane (events/ tell the watchers all along)
 *
 * SQL is the truth at every arrow. What an engine holds in memory, queue and board, is rebuilt from it at each start.
 *
 * This interface is all that the calls and the application know of it. Every method returns a promise, and arguments and
 * results are plain data, so that an engine can be another process: conformance.ts runs against the embedded one directly
 * and once more across a MessagePort.
 */
export interface Engine {
  /**
   * Takes over tasks after the commit that accepted, released or resumed them: queued ones go into their lanes, held ones
   * are counted, and let go when a worker that can run them has become known meanwhile. Others are ignored.
   */
  enqueue(tasks: readonly TaskRow[]): Promise<void>;
  /** Takes waiting tasks out of their lanes before, or after, the commit that ends or holds them; unknown ids are ignored. */
  drop(ids: readonly TaskId[]): Promise<void>;
  /** Stops the attempt of a task whose cancel request is stored. It ends by itself; one that is only being claimed ends then. */
  cancelRunning(id: TaskId): Promise<void>;
  /** Where waiting tasks stand, and when waiting and running ones will start and end. Tasks that have ended are absent. */
  outlook(tasks: readonly TaskRow[]): Promise<ReadonlyMap<TaskId, TaskOutlook>>;
  /** How far off what was expected of tasks has been, by workflow. */
  estimateErrors(): Promise<EstimateError[]>;
  /** Why a waiting task does not run yet, worker by worker. */
  explain(task: TaskRow): Promise<WaitReasons>;
  /** Where a running task is; null when this engine runs no attempt of it. */
  locate(id: TaskId): Promise<RunningAttempt | null>;
  /** Asks the worker of a running task about its prompt now; a finished one settles at once. Null as `locate`. */
  recheck(id: TaskId): Promise<PromptPlace | null>;
  /** Prompts of ours on each worker, claims under way included; workers without any may be absent. */
  loads(): Promise<ReadonlyMap<WorkerId, number>>;
  /** Lanes and workers as placement sees them. */
  describePlacement(): Promise<PlacementState>;
  /** A worker's process was seen to end: nothing of ours runs there any more, so its tasks move at once. */
  workerGone(worker: WorkerId): Promise<void>;
  /** Limits, strategy or workflows were changed: what waits is placed again. */
  settingsChanged(): Promise<void>;
  /** Every worker of this start is registered: open attempts whose worker is not among them have ended. */
  fleetComplete(): Promise<void>;
  /** Numbers of now, and counters since the start. */
  stats(): Promise<EngineStats>;
}

export interface TaskOutlook extends Forecast {
  /** Waiting tasks that come before it: exact in its own lane, by rank and acceptance in others; null when it waits in none. */
  readonly position: number | null;
  /** Seconds until the end that is forecast; null without one. */
  readonly secondsLeft: number | null;
}

export interface WaitReasons extends Omit<WaitingReasons, 'passedSinceMs'> {
  readonly overtakenLimit: number;
  /** For how long tasks with loaded models have gone first; null when none did. */
  readonly passedMs: number | null;
}

export interface RunningAttempt {
  readonly workerId: WorkerId;
  readonly promptId: string;
  /** Of the prompt, as it is followed; null while it is not followed yet. */
  readonly phase: string | null;
}

/** Where a worker says that a prompt is. */
export interface PromptPlace {
  readonly place: 'history' | 'running' | 'pending' | 'absent' | 'unreachable';
  /** Why it is unreachable. */
  readonly error: RecordedError | null;
}

export interface PlacementState {
  readonly strategy: string;
  readonly waiting: number;
  readonly lanes: readonly {
    readonly lane: string;
    readonly taskType: string;
    readonly models: readonly string[];
    readonly waiting: number;
    readonly overtaken: number;
    readonly serving: number;
    readonly free: number;
  }[];
  readonly workers: readonly {
    readonly workerId: WorkerId;
    readonly name: string;
    readonly selections: number;
    /** How long ago it was chosen last; null when it never was. */
    readonly chosenMsAgo: number | null;
    readonly load: number;
    readonly slots: number;
    readonly models: readonly string[];
  }[];
}

export interface EngineStats extends Readonly<ExecutionCounters> {
  readonly waiting: number;
  readonly held: number;
  readonly running: number;
  /** Tasks that ended, by their end. */
  readonly finished: Readonly<Record<string, number>>;
  /** Tasks that succeeded, by what told us first. */
  readonly finishedBy: Readonly<Record<string, number>>;
}
