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
  /** Where a task that avoids one more worker waits, and whether any other one could take it now. */
  planRetryLane: (
    task: TaskRow,
    failed: { workerId: WorkerId; error: RecordedError; ending: AttemptEnding },
  ) => { stored: string; requirements: string; hasOtherWorker: boolean };
  /** The newest progress of a running task. */
  findProgress: (taskId: TaskId) => Progress | null;
  /** Extra writes that end a task for good (its secrets go). */
  writesAtEnd: (task: TaskRow) => readonly Write[];
  /** Keeps what people are told of an ended task. */
  writeWarnings: (taskId: TaskId, warnings: readonly TaskText[]) => Write;
  /** What a task needs, with what its worker tells of it that nobody knew before; null when that is nothing new. */
  amendNeeds: (task: TaskRow, workerId: WorkerId) => string | null;
  /** It has paid nodes, and nobody has allowed in advance that such tasks are sent again. */
  mustAsk: (task: Pick<TaskRow, 'requirements'>) => boolean;
  retry: RetryPolicy;
  /** Failed tasks that are to be tried again: asked before each is let go. */
  retries: RetryBudget;
}

/** How often the database is asked to take an end that it refuses. */
const MAX_REFUSALS = 3;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 5000;

/** Carries tasks on when an attempt of theirs is over: to their end, back to the queue, or held until the next try. */
export class AttemptSettler {
  readonly #deps: SettlerDeps;
  readonly #finishedBy: Record<FinishedBy, number> = { socket: 0, watchdog: 0, check: 0, adoption: 0 };
  #stopping = false;

  constructor(deps: SettlerDeps) {
    this.#deps = deps;
  }

  /** How often each way noticed the end of a prompt that succeeded. */
  get finishedBy(): Readonly<Record<FinishedBy, number>> {
    return this.#finishedBy;
  }

  /** From now on what cannot be stored stays open for the next start. */
  stop(): void {
    this.#stopping = true;
  }

  /**
   * A result is not given up because the database is away: the worker's bytes are ours already (P18). One that the database does
   * not take ends its attempt as INTERNAL instead.
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

  /** Stores the end and what follows; null when another attempt has followed meanwhile. Throws when the database is away. */
  async settle(
    seen: TaskRow,
    { result: told, attempt, steps, collected, warnings, finishedBy }: AttemptEnd,
  ): Promise<TaskRow | null> {
    const { journal, database, writeAttempt, writesAtEnd, writeWarnings, findProgress, retries } = this.#deps;
    const isLater = told.ending !== 'succeeded' && attempt.number > 1;
    const history = isLater ? await loadAttemptHistory(database, seen.id) : NO_HISTORY;
    let isBudgeted = false;
    const settled = await journal.change(seen.id, (row) => {
      if (row.epoch !== attempt.epoch || row.state !== 'running') return null;
      const task = this.#amend(row, attempt, told);
      const atMs = database.nowMs();
      const progress = findProgress(task.id);
      const { next, retryLane } = this.#decideNext(task, { attempt, result: told, history });
      // With what was made delivered, it has not failed.
      const result: AttemptResult = next.kind === 'succeed' ? { ending: 'succeeded' } : told;
      isBudgeted = next.kind === 'retry' && next.isBudgeted;
      const goesOn = next.kind === 'retry' || next.kind === 'requeue' || next.kind === 'ask';
      return {
        changes: [...steps, ...planAfterAttempt({ task, attempt, result, next, atMs, progress, retryLane })],
        writes: [
          writeAttempt(endedAttempt(attempt, next.kind === 'fail' ? toldByTask(result) : result, atMs)),
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

  /** An older version, or one that knew nothing of its worker, may have claimed it. */
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

/** The database answered, and would not have it; asked again, it may say the same for ever. */
function isRefusal(thrown: unknown): boolean {
  return !(thrown instanceof AppError) || thrown.code === 'INTERNAL';
}

/** The task's own error has the whole story then. */
function toldByTask(result: AttemptResult): AttemptResult {
  return result.ending === 'succeeded' ? result : { ...result, error: shortenError(result.error) };
}

/** Bytes that become no results are known all the same, so that they are swept. */
function writesOf({ blobs, writes }: Collected, next: NextStep): Write[] {
  return next.kind === 'succeed' ? [...blobs, ...writes] : blobs;
}
