import type { FinishedBy } from '@comfleet/comfyui';
import type { TaskId, WorkerId } from '@comfleet/contract';
import { toError } from '../../platform/errors/app-error.ts';
import { reach } from '../../platform/lifecycle/failpoints.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { AttemptRow, TaskRow } from '../tasks/task-tables.ts';
import {
  type AttemptJob,
  type RunnerDeps,
  type RunningWorker,
  runAttempt,
  type StopReason,
} from './attempt-runner.ts';
import { AttemptSettler, endWithoutResult, type SettlerDeps } from './attempt-settler.ts';
import { type ClaimDeps, claimAttempt } from './claim-attempt.ts';
import { endAttempt } from './ending.ts';
import { limitExecution } from './limit-execution.ts';
import type { OpenAttempt } from './open-attempts.ts';
import { removeQueuedPrompt } from './remove-queued-prompt.ts';
import { limitsSilence } from './silence-watch.ts';

export interface DispatcherDeps extends RunnerDeps, ClaimDeps, SettlerDeps {
  slots: SlotListener;
}

/** Told of every prompt's way through its worker: whoever places tasks keeps count with it. */
export interface SlotListener {
  /** It waits in the worker's own queue now, or runs. */
  phase(workerId: WorkerId, taskId: TaskId, phase: 'waiting' | 'running'): void;
  /** Its task is queued again, with nothing held against it. */
  requeued(task: TaskRow): void;
  /** It left the worker; `ran` when it had begun to run there. */
  released(task: TaskRow, workerId: WorkerId, ran: boolean): void;
}

/** Where a task is to run, and why there. */
export interface Place {
  workerId: WorkerId;
  worker: RunningWorker;
  /** Kept with the claim's event. */
  placed: object;
}

interface Running {
  task: TaskRow;
  attempt: AttemptRow;
  workerId: WorkerId;
  worker: RunningWorker;
  phase: 'sending' | 'waiting' | 'running';
  abort: AbortController;
  startedMs: number | null;
  /** The last sign of progress. */
  heardMs: number | null;
  done: Promise<void>;
}

/**
 * Runs attempts: claims a task for a worker in SQL, runs it there, and carries the task on when it is over. What runs is
 * known here and in SQL; a kill at any moment leaves open attempts that the next start adopts.
 */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #running = new Map<string, Running>();
  /** Claims on their way to SQL. */
  readonly #claiming = new Set<Promise<unknown>>();
  /** Tasks canceled between their claim, or their adoption, and its answer. */
  readonly #canceledEarly = new Set<string>();
  readonly #settler: AttemptSettler;
  #stopping = false;

  constructor(scope: Scope, deps: DispatcherDeps) {
    this.#deps = deps;
    this.#settler = new AttemptSettler(deps);
    scope.add('attempts', () => this.#drain(), { deadlineMs: 20_000 });
  }

  get size(): number {
    return this.#running.size;
  }

  get finishedBy(): Readonly<Record<FinishedBy, number>> {
    return this.#settler.finishedBy;
  }

  find(taskId: TaskId): { attempt: AttemptRow; workerId: WorkerId; startedMs: number | null } | null {
    return this.#running.get(taskId) ?? null;
  }

  list(): { task: TaskRow; attempt: AttemptRow; workerId: WorkerId }[] {
    return [...this.#running.values()];
  }

  /** Claims a waiting task for a worker and runs it. A lost claim is a normal outcome: someone canceled it, say. */
  async dispatch(taskId: TaskId, { workerId, worker, placed }: Place): Promise<'running' | 'lost'> {
    if (this.#stopping) return 'lost';
    const claiming = claimAttempt(this.#deps, taskId, { workerId, socketId: worker.socketId, placed });
    this.#claiming.add(claiming);
    try {
      const claimed = await claiming;
      if (!claimed) return 'lost';
      reach('after_claim');
      this.#start({ ...claimed, workerId, worker, adopted: false });
      return 'running';
    } finally {
      this.#claiming.delete(claiming);
    }
  }

  /** Takes up an attempt that an earlier process left open. */
  adopt({ task, attempt }: OpenAttempt, workerId: WorkerId, worker: RunningWorker): void {
    this.#start({ task, attempt, workerId, worker, adopted: true });
  }

  /** Ends an open attempt whose worker is not in the fleet any more. */
  async failOrphanedAttempt({ task, attempt }: OpenAttempt): Promise<void> {
    const reason = 'the worker left the fleet';
    const result = endAttempt('lost', 'WORKER_UNREACHABLE', { reason, dispatched: false });
    this.#announce(await this.#settler.settle(task, endWithoutResult(attempt, result)));
  }

  /** Stops a task's attempt; it settles by itself. False when none runs here; a cancel counts once it does. */
  stop(taskId: TaskId, reason: StopReason): boolean {
    const running = this.#running.get(taskId);
    running?.abort.abort(reason);
    if (!running && reason === 'canceled') this.#canceledEarly.add(taskId);
    return running !== undefined;
  }

  /**
   * Preempts a prompt: takes one that only waits out of its worker's queue; its task is queued again. False when it runs by now, or when
   * the worker does not say so clearly: then it stays.
   */
  async preempt(taskId: TaskId, forTaskId: TaskId): Promise<boolean> {
    const running = this.#running.get(taskId);
    if (running?.phase !== 'waiting' || running.abort.signal.aborted) return false;
    const { attempt, worker, workerId } = running;
    const { logger } = this.#deps;
    const removed = await removeQueuedPrompt({ http: worker.http, promptId: attempt.prompt_id, logger });
    if (!removed) return false;
    logger.info('prompt.preempted', { taskId, workerId, promptId: attempt.prompt_id, forTaskId });
    running.abort.abort('preempted' satisfies StopReason);
    return true;
  }

  #start(job: {
    task: TaskRow;
    attempt: AttemptRow;
    workerId: WorkerId;
    worker: RunningWorker;
    adopted: boolean;
  }): void {
    const { task, attempt, workerId, worker } = job;
    const abort = new AbortController();
    const running: Running = {
      task,
      attempt,
      workerId,
      worker,
      phase: 'sending',
      abort,
      startedMs: null,
      heardMs: null,
      done: Promise.resolve(),
    };
    this.#running.set(task.id, running);
    running.done = this.#run(running, {
      task,
      attempt,
      worker: job.worker,
      adopted: job.adopted,
      stop: abort.signal,
      onPhase: (phase) => {
        running.phase = phase;
        this.#deps.slots.phase(workerId, task.id, phase);
      },
      onHeard: () => {
        running.heardMs = this.#deps.clock.monotonicMs();
      },
    });
    // A cancel that was acknowledged before the claim's answer came back, or before a restart.
    const canceledEarly = this.#canceledEarly.delete(task.id);
    if (canceledEarly || task.cancel_requested_at !== null) abort.abort('canceled' satisfies StopReason);
    if (this.#stopping) abort.abort('shutdown' satisfies StopReason);
  }

  async #run(running: Running, job: AttemptJob): Promise<void> {
    const { task, attempt } = job;
    const { logger, clock } = this.#deps;
    const log = {
      taskId: task.id,
      attemptId: attempt.id,
      workerId: running.workerId,
      promptId: attempt.prompt_id,
    };
    const cancelLimit = this.#limitTime(running, job);
    const beganMs = clock.monotonicMs();
    try {
      const end = await runAttempt(this.#deps, job);
      if (end?.result.ending === 'succeeded') running.worker.noteServed();
      if (end) this.#announce(await this.#settler.settleSurely(task, end));
      const durationMs = Math.round(clock.monotonicMs() - beganMs);
      logger.info(end ? 'attempt.ended' : 'attempt.left_open', {
        ...log,
        ending: end?.result.ending,
        finishedBy: end?.finishedBy,
        durationMs,
      });
    } catch (thrown) {
      const error = toError(thrown);
      logger.error('attempt.crashed', { ...log, error });
      const result = endAttempt('failed', 'INTERNAL', { reason: error.message });
      this.#announce(await this.#settler.settleSurely(task, endWithoutResult(attempt, result)));
    } finally {
      cancelLimit();
      this.#running.delete(task.id);
      if (!this.#stopping) this.#deps.slots.released(task, running.workerId, running.phase === 'running');
    }
  }

  #limitTime(running: Running, { task, attempt, worker }: AttemptJob): () => void {
    return limitExecution({
      promptId: attempt.prompt_id,
      tracker: worker.tracker,
      timeoutMs: task.timeout_ms,
      heardMs: limitsSilence(task) ? () => running.heardMs : () => null,
      clock: this.#deps.clock,
      onRunning: (startedMs) => {
        running.startedMs = startedMs;
      },
      onExceeded: () => running.abort.abort('timeout' satisfies StopReason),
    });
  }

  #announce(settled: TaskRow | null): void {
    if (settled?.state === 'queued' && !this.#stopping) this.#deps.slots.requeued(settled);
  }

  /** Running prompts go on without us; the next start finds them. */
  async #drain(): Promise<void> {
    this.#stopping = true;
    this.#settler.stop();
    for (const { abort } of this.#running.values()) abort.abort('shutdown' satisfies StopReason);
    await Promise.allSettled(this.#claiming);
    await Promise.allSettled([...this.#running.values()].map((running) => running.done));
  }
}
