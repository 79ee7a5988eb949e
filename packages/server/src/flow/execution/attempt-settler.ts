import type { FinishedBy } from '@comfleet/comfyui';
import type { AttemptEnding, Progress, RecordedError, TaskId, WorkerId } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { Database, Write } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { shortenError } from '../../platform/errors/short-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskJournal } from '../tasks/task-journal.ts';
import type { AttemptRow, TaskRow, TaskTables } from '../tasks/task-tables.ts';
import { type AttemptHistory, loadAttemptHistory, NO_HISTORY } from './attempt-history.ts';
import type { AttemptEnd, Collected } from './attempt-job.ts';
import { endedAttempt, planAfterAttempt } from './attempt-writes.ts';
import { type AttemptResult, decideNextStep, endAttempt, type NextStep, type RetryPolicy } from './ending.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface SettlerDeps {
  database: Database<TaskTables>;
  journal: TaskJournal;
  clock: Clock;
  logger: Logger;
  writeAttempt: (row: AttemptRow) => Write;
  /** The lane of a task that avoids one more worker, and whether another worker could take it now. */
  planRetryLane: (
    task: TaskRow,
    failed: { workerId: WorkerId; error: RecordedError; ending: AttemptEnding },
  ) => { stored: string; requirements: string; hasOtherWorker: boolean };
  /** Latest progress of a running task. */
  findProgress: (taskId: TaskId) => Progress | null;
  /** Additional writes when a task ends for good: its secrets are deleted. */
  writesAtEnd: (task: TaskRow) => readonly Write[];
  /** Stores warnings for users about an ended task. */
  writeWarnings: (taskId: TaskId, warnings: readonly TaskText[]) => Write;
  /** Requirements of a task with what only its worker reports about them; null when nothing changes. */
  amendNeeds: (task: TaskRow, workerId: WorkerId) => string | null;
  /** True for a task with paid nodes, unless reruns of such tasks are allowed in advance. */
  mustAsk: (task: Pick<TaskRow, 'requirements'>) => boolean;
  retry: RetryPolicy;
  /** Limits how many failed tasks are retried at once. */
  retries: RetryBudget;
}

/** How often an end that the database refuses is tried. */
const MAX_REFUSALS = 3;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 5000;

/** Moves a task on when its attempt has ended: to its end, back to the queue, or held until the next attempt. */
export class AttemptSettler {
  readonly #deps: SettlerDeps;
  readonly #finishedBy: Record<FinishedBy, number> = { socket: 0, watchdog: 0, check: 0, adoption: 0 };
  #stopping = false;

  constructor(deps: SettlerDeps) {
    this.#deps = deps;
  }

  /** How many prompts that succeeded were noticed first by which means. */
  get finishedBy(): Readonly<Record<FinishedBy, number>> {
    return this.#finishedBy;
  }

  /** From now on an end that cannot be stored stays open for the next start. */
  stop(): void {
    this.#stopping = true;
  }

  /**
   * Settles however long the database is unavailable: the worker's bytes are already stored here (P18). An end that the database
   * refuses becomes INTERNAL instead.
   */
  async settleSurely(task: TaskRow, end: AttemptEnd): Promise<TaskRow | null> {
    let storable = end;
    let refusals = 0;
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.settle(task, storable);
      } catch (thrown) {
        if (this.#stopping) return null;
        this.#deps.logger.error('attempt.commit_retry', { taskId: task.id, error: thrown });
        if (isRefusal(thrown)) refusals += 1;
        if (refusals === MAX_REFUSALS) storable = endUnstorable(end.attempt);
        await this.#deps.clock.sleep(Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** tries));
      }
    }
  }

  /** Stores the end and the next step. Returns null when a later attempt exists. Throws when the database is unavailable. */
  async settle(
    seen: TaskRow,
    { result: ended, attempt, steps, collected, warnings, finishedBy }: AttemptEnd,
  ): Promise<TaskRow | null> {
    const { journal, database, writeAttempt, writesAtEnd, writeWarnings, findProgress, retries } = this.#deps;
    const isLater = ended.ending !== 'succeeded' && attempt.number > 1;
    const history = isLater ? await loadAttemptHistory(database, seen.id) : NO_HISTORY;
    let isBudgeted = false;
    const settled = await journal.change(seen.id, (row) => {
      if (row.epoch !== attempt.epoch || row.state !== 'running') return null;
      const task = this.#amend(row, attempt, ended);
      const atMs = database.nowMs();
      const progress = findProgress(task.id);
      const { next, retryLane } = this.#decideNext(task, { attempt, result: ended, history });
      // If its files are delivered, the attempt has succeeded.
      const result: AttemptResult = next.kind === 'succeed' ? { ending: 'succeeded' } : ended;
      isBudgeted = next.kind === 'retry' && next.isBudgeted;
      const goesOn = next.kind === 'retry' || next.kind === 'requeue' || next.kind === 'ask';
      return {
        changes: [...steps, ...planAfterAttempt({ task, attempt, result, next, atMs, progress, retryLane })],
        writes: [
          writeAttempt(endedAttempt(attempt, next.kind === 'fail' ? shortenForTask(result) : result, atMs)),
          ...(collected === null ? [] : writesOf(collected, next)),
          ...(goesOn ? [] : writesAtEnd(task)),
          ...(goesOn || warnings.length === 0 ? [] : [writeWarnings(task.id, warnings)]),
        ],
      };
    });
    if (isBudgeted) retries.add(seen.id);
    else retries.remove(seen.id);
    if (settled?.state === 'succeeded') {
      if (finishedBy) this.#finishedBy[finishedBy] += 1;
      collected?.publish();
    }
    return settled;
  }

  /** Completes the requirements: the claim may be by an older version, or before the worker's inventory was known. */
  #amend(task: TaskRow, { worker_id: workerId }: AttemptRow, { ending }: AttemptResult): TaskRow {
    if (ending === 'succeeded') return task;
    const requirements = this.#deps.amendNeeds(task, workerId);
    return requirements === null ? task : { ...task, requirements };
  }

  #decideNext(
    task: TaskRow,
    { attempt, result, history }: { attempt: AttemptRow; result: AttemptResult; history: AttemptHistory },
  ) {
    const { retry, planRetryLane } = this.#deps;
    const retryLane =
      result.ending === 'succeeded'
        ? { stored: task.lane, requirements: task.requirements, hasOtherWorker: false }
        : planRetryLane(task, { ...result, workerId: attempt.worker_id });
    const next = decideNextStep(
      {
        attemptCount: task.attempt_count,
        maxAttempts: task.max_attempts,
        workerId: attempt.worker_id,
        history,
        cancelRequested: task.cancel_requested_at !== null,
        hasOtherWorker: retryLane.hasOtherWorker,
        mustAsk: this.#deps.mustAsk(task),
      },
      result,
      retry,
    );
    return { next, retryLane };
  }
}

/** An end with nothing else to store. */
export function endWithoutResult(attempt: AttemptRow, result: AttemptResult): AttemptEnd {
  return { result, attempt, steps: [], collected: null, warnings: [], finishedBy: null };
}

function endUnstorable(attempt: AttemptRow): AttemptEnd {
  return endWithoutResult(attempt, endAttempt('failed', 'INTERNAL', { reason: 'result_not_stored' }));
}

/** The database answered and refused; it may refuse every retry, too. */
function isRefusal(thrown: unknown): boolean {
  return !(thrown instanceof AppError) || thrown.code === 'INTERNAL';
}

/** Shortens an error that is stored in full with the task. */
function shortenForTask(result: AttemptResult): AttemptResult {
  return result.ending === 'succeeded' ? result : { ...result, error: shortenError(result.error) };
}

/** Bytes that do not become results are recorded too, so that they get swept. */
function writesOf({ blobs, writes }: Collected, next: NextStep): Write[] {
  return next.kind === 'succeed' ? [...blobs, ...writes] : blobs;
}
