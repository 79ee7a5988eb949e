import type { FinishedBy } from '@comfleet/comfyui';
import type { Id, IdKind, Progress, TaskId, WorkerId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { AttemptRow, TaskRow } from '../../platform/database/schema.ts';
import { toError } from '../../platform/errors/app-error.ts';
import { reach } from '../../platform/lifecycle/failpoints.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskJournal } from '../tasks/task-journal.ts';
import { type AttemptHistory, loadAttemptHistory, NO_HISTORY } from './attempt-history.ts';
import {
  type AttemptEnd,
  type AttemptJob,
  type RunnerDeps,
  type RunningWorker,
  runAttempt,
  type StopReason,
} from './attempt-runner.ts';
import { endedAttempt, planAfterAttempt } from './attempt-writes.ts';
import { type AttemptResult, decideNextStep, endAttempt, type RetryPolicy } from './ending.ts';
import type { OpenAttempt } from './open-attempts.ts';
import { removeQueuedPrompt } from './remove-queued-prompt.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface DispatcherDeps extends RunnerDeps {
  database: Database;
  journal: TaskJournal;
  clock: Clock;
  logger: Logger;
  createId: <K extends IdKind>() => Id<K>;
  writeNewAttempt: (row: AttemptRow) => { query: ReturnType<RunnerDeps['writeAttempt']>['query'] };
  /** Where a task that avoids one more worker waits, and whether any other one could take it now. */
  planRetryLane: (
    task: TaskRow,
    workerId: string,
    needsMoreVram: boolean,
  ) => { key: string; requirements: string; hasOtherWorker: boolean };
  /** Details for the event of a claim: what is expected of the task on this worker. */
  describeClaim: (task: TaskRow, workerId: string) => Record<string, unknown>;
  /** The newest progress of a running task. */
  findProgress: (taskId: string) => Progress | null;
  /** Extra writes that end a task for good (its secrets go). */
  writesAtEnd: (task: TaskRow) => readonly { query: ReturnType<RunnerDeps['writeAttempt']>['query'] }[];
  retry: RetryPolicy;
  /** Failed tasks that are to be tried again: asked before each is let go. */
  retries: RetryBudget;
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
  readonly #finishedBy: Record<FinishedBy, number> = { socket: 0, watchdog: 0, check: 0, adoption: 0 };
  #stopping = false;

  constructor(scope: Scope, deps: DispatcherDeps) {
    this.#deps = deps;
    scope.add('attempts', () => this.#drain(), { deadlineMs: 20_000 });
  }

  get size(): number {
    return this.#running.size;
  }

  get finishedBy(): Readonly<Record<FinishedBy, number>> {
    return this.#finishedBy;
  }

  find(taskId: string): { attempt: AttemptRow; workerId: WorkerId; startedMs: number | null } | null {
    return this.#running.get(taskId) ?? null;
  }

  list(): { task: TaskRow; attempt: AttemptRow; workerId: WorkerId }[] {
    return [...this.#running.values()];
  }

  /** Claims a waiting task for a worker and runs it. A lost claim is a normal outcome: someone canceled it, say. */
  async dispatch(taskId: TaskId, { workerId, worker, placed }: Place): Promise<'running' | 'lost'> {
    if (this.#stopping) return 'lost';
    const claiming = this.#claim(taskId, { workerId, socketId: worker.socketId, placed });
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
  async abandon({ task, attempt }: OpenAttempt): Promise<void> {
    const result = endAttempt('lost', 'WORKER_UNREACHABLE', {
      reason: 'the worker left the fleet',
      dispatched: false,
    });
    await this.#settle(task, { result, attempt, steps: [], collected: null, finishedBy: null });
  }

  /** Stops a task's attempt; it settles by itself. False when none runs here; a cancel counts once it does. */
  stop(taskId: string, reason: StopReason): boolean {
    const running = this.#running.get(taskId);
    running?.abort.abort(reason);
    if (!running && reason === 'canceled') this.#canceledEarly.add(taskId);
    return running !== undefined;
  }

  /**
   * Takes a prompt that only waits out of its worker's queue; its task is queued again. False when it runs by now, or when
   * the worker does not say so clearly: then it stays.
   */
  async takeBack(taskId: TaskId, forTaskId: TaskId): Promise<boolean> {
    const running = this.#running.get(taskId);
    if (running?.phase !== 'waiting' || running.abort.signal.aborted) return false;
    const { attempt, worker, workerId } = running;
    const { logger } = this.#deps;
    const removed = await removeQueuedPrompt({ http: worker.http, promptId: attempt.prompt_id, logger });
    if (!removed) return false;
    logger.info('prompt.taken_back', { taskId, workerId, promptId: attempt.prompt_id, forTaskId });
    running.abort.abort('taken_back' satisfies StopReason);
    return true;
  }

  async #claim(
    taskId: TaskId,
    { workerId, socketId, placed }: { workerId: WorkerId; socketId: string; placed: object },
  ): Promise<{ task: TaskRow; attempt: AttemptRow } | null> {
    const { journal, database, createId, writeNewAttempt, describeClaim } = this.#deps;
    const attemptId = createId<'attempt'>();
    const promptId = createId();
    let attempt: AttemptRow | null = null;
    const task = await journal.change(taskId, (row) => {
      attempt = {
        id: attemptId,
        task_id: row.id,
        owner_id: row.owner_id,
        number: row.epoch + 1,
        epoch: row.epoch + 1,
        worker_id: workerId,
        prompt_id: promptId,
        socket_id: socketId,
        state: 'claimed',
        ending: null,
        error: null,
        created_at: database.nowMs(),
        submitted_at: null,
        started_at: null,
        ended_at: null,
      };
      return {
        changes: [
          {
            type: 'attempt.claimed',
            attemptId,
            workerId,
            promptId,
            details: { ...describeClaim(row, workerId), placement: placed },
          },
        ],
        writes: [writeNewAttempt(attempt)],
      };
    });
    return task && attempt ? { task, attempt } : null;
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
        this.#deps.slots.phase(workerId, task.id as TaskId, phase);
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
    const cancelTimer = this.#limitTime(running, job);
    const beganMs = clock.monotonicMs();
    try {
      const end = await runAttempt(this.#deps, job);
      if (end) await this.#settleSurely(task, end);
      const durationMs = Math.round(clock.monotonicMs() - beganMs);
      logger.info(end ? 'attempt.ended' : 'attempt.left_open', {
        ...log,
        ending: end?.result.ending,
        finishedBy: end?.finishedBy,
        durationMs,
      });
    } catch (thrown) {
      const error = toError(thrown);
      logger.error('attempt.broke', { ...log, error: error.message, stack: error.stack });
      const result = endAttempt('failed', 'INTERNAL', { reason: error.message });
      await this.#settleSurely(task, { result, attempt, steps: [], collected: null, finishedBy: null });
    } finally {
      cancelTimer();
      this.#running.delete(task.id);
      if (!this.#stopping) this.#deps.slots.released(task, running.workerId, running.phase === 'running');
    }
  }

  /** The execution limit counts from the prompt's start on the worker, not from waiting in its queue. */
  #limitTime(running: Running, job: AttemptJob): () => void {
    const { timeout_ms: timeoutMs } = job.task;
    if (timeoutMs <= 0) return () => {};
    let cancel = () => {};
    const { tracker } = job.worker;
    const { prompt_id: promptId } = job.attempt;
    const check = () => {
      const { clock } = this.#deps;
      const phase = tracker.find(promptId)?.phase;
      // Fetching its files is not the prompt's time.
      if (phase === 'ended') return;
      if (phase === 'running' || tracker.isRunning(promptId)) running.startedMs ??= clock.monotonicMs();
      const spentMs = running.startedMs === null ? 0 : clock.monotonicMs() - running.startedMs;
      if (spentMs >= timeoutMs) running.abort.abort('timeout' satisfies StopReason);
      else cancel = clock.setTimer(Math.min(1000, Math.max(50, timeoutMs - spentMs)), check);
    };
    cancel = this.#deps.clock.setTimer(Math.min(1000, timeoutMs), check);
    return () => cancel();
  }

  /** A result is not given up because the database is away: the worker's bytes are ours already (P18). */
  async #settleSurely(task: TaskRow, end: AttemptEnd): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await this.#settle(task, end);
        return;
      } catch (thrown) {
        if (this.#stopping) return;
        this.#deps.logger.error('attempt.settle_late', { taskId: task.id, error: toError(thrown).message });
        await this.#deps.clock.sleep(Math.min(5000, 200 * 2 ** tries));
      }
    }
  }

  async #settle(seen: TaskRow, { result, attempt, steps, collected, finishedBy }: AttemptEnd): Promise<void> {
    const { journal, database, writeAttempt, writesAtEnd, findProgress, slots, retries } = this.#deps;
    const isLater = result.ending !== 'succeeded' && attempt.number > 1;
    const history = isLater ? await loadAttemptHistory(database, seen.id) : NO_HISTORY;
    let isBudgeted = false;
    const settled = await journal.change(seen.id, (task) => {
      if (task.epoch !== attempt.epoch || task.state !== 'running') return null;
      const atMs = database.nowMs();
      const progress = findProgress(task.id);
      const { next, retryLane } = this.#decideNext(task, { attempt, result, history });
      isBudgeted = next.kind === 'retry' && next.isBudgeted;
      const goesOn = next.kind === 'retry' || next.kind === 'requeue';
      return {
        changes: [...steps, ...planAfterAttempt({ task, attempt, result, next, atMs, progress, retryLane })],
        writes: [
          writeAttempt(endedAttempt(attempt, result, atMs)),
          ...(next.kind === 'succeed' ? (collected?.writes ?? []) : []),
          ...(goesOn ? [] : writesAtEnd(task)),
        ],
      };
    });
    if (isBudgeted) retries.add(seen.id);
    else retries.remove(seen.id);
    if (settled?.state === 'succeeded') {
      if (finishedBy) this.#finishedBy[finishedBy] += 1;
      collected?.publish();
    }
    if (settled?.state === 'queued') slots.requeued(settled);
  }

  #decideNext(
    task: TaskRow,
    { attempt, result, history }: { attempt: AttemptRow; result: AttemptResult; history: AttemptHistory },
  ) {
    const { retry, planRetryLane } = this.#deps;
    const retryLane =
      result.ending === 'succeeded'
        ? { key: task.lane, requirements: task.requirements, hasOtherWorker: false }
        : planRetryLane(task, attempt.worker_id, result.error.code === 'OUT_OF_MEMORY');
    const next = decideNextStep(
      {
        attemptCount: task.attempt_count,
        maxAttempts: task.max_attempts,
        workerId: attempt.worker_id,
        history,
        cancelRequested: task.cancel_requested_at !== null,
        hasOtherWorker: retryLane.hasOtherWorker,
      },
      result,
      retry,
    );
    return { next, retryLane };
  }

  /** Running prompts go on without us; the next start finds them. */
  async #drain(): Promise<void> {
    this.#stopping = true;
    for (const { abort } of this.#running.values()) abort.abort('shutdown' satisfies StopReason);
    await Promise.allSettled(this.#claiming);
    await Promise.allSettled([...this.#running.values()].map((running) => running.done));
  }
}
