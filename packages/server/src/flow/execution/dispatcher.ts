import type { FinishedBy } from '@comfleet/comfyui';
import type { TaskId, WorkerId } from '@comfleet/contract';
import { toError } from '../../platform/errors/app-error.ts';
import { failpoint } from '../../platform/lifecycle/failpoints.ts';
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

/** Receives each step of a prompt on its worker, so that placement can count slots. */
export interface SlotListener {
  /** The prompt now waits in the worker's own queue, or runs. */
  phase(workerId: WorkerId, taskId: TaskId, phase: 'waiting' | 'running'): void;
  /** The task is queued again, without any delay. */
  requeued(task: TaskRow): void;
  /** The prompt left the worker. */
  released(task: TaskRow, workerId: WorkerId): void;
}

/** Where a task is to run, and why. */
export interface Place {
  workerId: WorkerId;
  worker: RunningWorker;
  /** Stored with the claim's event. */
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
  /** Last sign of progress. */
  progressAtMs: number | null;
  done: Promise<void>;
}

/**
 * Runs attempts: claims a task for a worker in SQL, runs it there, and settles the task when the attempt has ended. Running
 * attempts are known here and in SQL; a kill at any moment leaves open attempts that the next start resumes.
 *
 * - claiming: entered by `dispatch`. `stop` for a cancel is remembered until the claim returns; other stops return false.
 * - sending: entered when the claim succeeded, and by `resume`. A lost claim ends here without a trace.
 * - waiting, running: entered when the tracker first sees the prompt there. Only waiting can be preempted.
 * - settled: entered when the attempt has ended and its end is stored. At a shutdown it stays open instead.
 */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #running = new Map<string, Running>();
  /** Claims on their way to SQL. */
  readonly #claiming = new Set<Promise<unknown>>();
  /** Tasks that were canceled before their claim, or their resumption, was done. */
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

  /** Claims a waiting task for a worker and runs it. A lost claim is a normal outcome, for example after a cancel. */
  async dispatch(taskId: TaskId, { workerId, worker, placed }: Place): Promise<'running' | 'lost'> {
    if (this.#stopping) return 'lost';
    const claiming = claimAttempt(this.#deps, taskId, { workerId, socketId: worker.socketId, placed });
    this.#claiming.add(claiming);
    try {
      const claimed = await claiming;
      if (!claimed) return 'lost';
      failpoint('after_claim');
      this.#start({ ...claimed, workerId, worker, resumed: false });
      return 'running';
    } finally {
      this.#claiming.delete(claiming);
    }
  }

  /** Resumes an attempt that an earlier process left open. */
  resume({ task, attempt }: OpenAttempt, workerId: WorkerId, worker: RunningWorker): void {
    this.#start({ task, attempt, workerId, worker, resumed: true });
  }

  /** Ends an open attempt whose worker has left the fleet. */
  async failOrphanedAttempt({ task, attempt }: OpenAttempt): Promise<void> {
    const reason = 'the worker left the fleet';
    const result = endAttempt('lost', 'WORKER_UNREACHABLE', { reason, dispatched: false });
    this.#announce(await this.#settler.settle(task, endWithoutResult(attempt, result)));
  }

  /** Stops a task's attempt, which settles by itself. Returns false when none runs here; a cancel then applies to the next one. */
  stop(taskId: TaskId, reason: StopReason): boolean {
    const running = this.#running.get(taskId);
    running?.abort.abort(reason);
    if (!running && reason === 'canceled') this.#canceledEarly.add(taskId);
    return running !== undefined;
  }

  /**
   * Withdraws a prompt that only waits from its worker's queue; its task is queued again. Returns false, and changes nothing, when
   * the prompt runs by now or its removal cannot be confirmed.
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
    resumed: boolean;
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
      progressAtMs: null,
      done: Promise.resolve(),
    };
    this.#running.set(task.id, running);
    running.done = this.#run(running, {
      task,
      attempt,
      worker: job.worker,
      resumed: job.resumed,
      stop: abort.signal,
      onPhase: (phase) => {
        running.phase = phase;
        this.#deps.slots.phase(workerId, task.id, phase);
      },
      onProgress: () => {
        running.progressAtMs = this.#deps.clock.monotonicMs();
      },
    });
    // A cancel that was acknowledged before the claim was done, or before a restart.
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
      if (end?.result.ending === 'succeeded') running.worker.recordServed();
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
      if (!this.#stopping) this.#deps.slots.released(task, running.workerId);
    }
  }

  #limitTime(running: Running, { task, attempt, worker }: AttemptJob): () => void {
    return limitExecution({
      promptId: attempt.prompt_id,
      tracker: worker.tracker,
      timeoutMs: task.timeout_ms,
      progressAtMs: limitsSilence(task) ? () => running.progressAtMs : () => null,
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

  /** Prompts run on without us; the next start finds them. */
  async #drain(): Promise<void> {
    this.#stopping = true;
    this.#settler.stop();
    for (const { abort } of this.#running.values()) abort.abort('shutdown' satisfies StopReason);
    await Promise.allSettled(this.#claiming);
    await Promise.allSettled([...this.#running.values()].map((running) => running.done));
  }
}
