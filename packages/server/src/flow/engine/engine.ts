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
 *     →  settled: succeeded, failed, canceled, or back into its lane (events/ inform the watchers all along)
 *
 * SQL holds the truth at every arrow. Queue and board live in memory and are rebuilt from SQL at each start.
 *
 * Calls and the application know the engine by this interface only. Every method returns a promise, and arguments and results
 * are plain data, so that an engine can be another process: conformance.ts runs against the embedded engine directly, and
 * once more across a MessagePort.
 */
export interface Engine {
  /**
   * Takes over tasks after the commit that accepted, released or resumed them. Queued ones go into their lanes. Held ones are
   * counted, and released if a worker that can run them has become known in the meantime. Others are ignored.
   */
  enqueue(tasks: readonly TaskRow[]): Promise<void>;
  /** Removes waiting tasks from their lanes, before or after the commit that ends or holds them. Ignores unknown ids. */
  drop(ids: readonly TaskId[]): Promise<void>;
  /** Stops the attempt of a task whose cancel request is stored, at once or as soon as its claim is done. Does not wait for the end. */
  cancelRunning(id: TaskId): Promise<void>;
  /** Returns positions of waiting tasks, and forecasts for waiting and running ones. Tasks that have ended are absent. */
  outlook(tasks: readonly TaskRow[]): Promise<ReadonlyMap<TaskId, TaskOutlook>>;
  /** How far forecasts were off, by workflow. */
  estimateErrors(): Promise<EstimateError[]>;
  /** Why a waiting task does not run yet, for each worker. */
  explain(task: TaskRow): Promise<WaitReasons>;
  /** Where a running task is; null when this engine runs no attempt of it. */
  locate(id: TaskId): Promise<RunningAttempt | null>;
  /** Looks the prompt of a running task up on its worker now; a finished one settles at once. Null as in `locate`. */
  recheck(id: TaskId): Promise<PromptPlace | null>;
  /** Our prompts on each worker, including claims in progress; workers without any may be absent. */
  loads(): Promise<ReadonlyMap<WorkerId, number>>;
  /** Lanes and workers as placement sees them. */
  describePlacement(): Promise<PlacementState>;
  /** A worker's process was seen to end, so nothing of ours runs there: its tasks move at once. */
  workerGone(worker: WorkerId): Promise<void>;
  /** Limits, strategy or workflows have changed: decides placement again. */
  settingsChanged(): Promise<void>;
  /** Every worker of this start is registered: open attempts of other workers fail. */
  fleetComplete(): Promise<void>;
  /** Current numbers, and counters since the start. */
  stats(): Promise<EngineStats>;
}

export interface TaskOutlook extends Forecast {
  /** How many waiting tasks come before it: exact in its own lane, by rank and age in others; null when it waits in none. */
  readonly position: number | null;
  /** Seconds until the end that is forecast; null without one. */
  readonly secondsLeft: number | null;
}

export interface WaitReasons extends Omit<WaitingReasons, 'passedSinceMs'> {
  readonly overtakenLimit: number;
  /** How long tasks with loaded models have overtaken it; null when none has. */
  readonly passedMs: number | null;
}

export interface RunningAttempt {
  readonly workerId: WorkerId;
  readonly promptId: string;
  /** Phase of the prompt; null until it is followed. */
  readonly phase: string | null;
}

/** Where a worker reports a prompt to be. */
export interface PromptPlace {
  readonly place: 'history' | 'running' | 'pending' | 'absent' | 'unreachable';
  /** Why the worker is unreachable. */
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
    /** Ms since it was last chosen; null when it never was. */
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
  /** How many tasks have ended, by final state. */
  readonly finished: Readonly<Record<string, number>>;
  /** How many tasks have succeeded, by what noticed it first. */
  readonly finishedBy: Readonly<Record<string, number>>;
}
