import type { Database, Write } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskChange } from '../tasks/task-change.ts';
import type { TaskJournal } from '../tasks/task-journal.ts';
import type { AttemptRow, TaskRow, TaskTables } from '../tasks/task-tables.ts';

type StepType = keyof typeof STATE_AFTER | 'attempt.escalated';

const STATE_AFTER = {
  'attempt.submitted': 'submitted',
  'attempt.started': 'running',
  'attempt.collecting': 'collecting',
  'attempt.adopted': 'submitted',
} as const;

export interface StepDeps {
  database: Database<TaskTables>;
  journal: TaskJournal;
  clock: Clock;
  logger: Logger;
  writeAttempt: (row: AttemptRow) => Write;
}

/**
 * The steps of one attempt on their way to SQL. The claim was written before anything was sent, so what follows may be
 * late by a tenth of a second: steps that come together are stored together, and those of a short run with its end.
 */
export class AttemptSteps {
  readonly #deps: StepDeps;
  readonly #delayMs: number;
  #attempt: AttemptRow;
  #waiting: TaskChange[] = [];
  #writing: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | null = null;

  constructor(deps: StepDeps, attempt: AttemptRow, delayMs = 100) {
    this.#deps = deps;
    this.#attempt = attempt;
    this.#delayMs = delayMs;
  }

  /** The attempt with all steps recorded so far. */
  get attempt(): AttemptRow {
    return this.#attempt;
  }

  record(type: StepType, details?: Record<string, unknown>): void {
    // Messages can come before the POST is answered: being started says that it was submitted.
    if (type === 'attempt.submitted' && this.#attempt.submitted_at !== null) return;
    if (type === 'attempt.started' && this.#attempt.submitted_at === null) this.record('attempt.submitted');
    const now = this.#deps.database.nowMs();
    const { submitted_at, started_at } = this.#attempt;
    this.#attempt = {
      ...this.#attempt,
      state: type === 'attempt.escalated' ? this.#attempt.state : STATE_AFTER[type],
      submitted_at: submitted_at ?? now,
      started_at: type === 'attempt.started' ? (started_at ?? now) : started_at,
    };
    this.#waiting.push({ ...this.#toChange(type), ...(details && { details }) });
    this.#cancelTimer ??= this.#deps.clock.setTimer(this.#delayMs, () => this.#flush());
  }

  /** Steps not written yet, for the commit that ends the attempt; nothing is written behind its back any more. */
  async take(): Promise<TaskChange[]> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    await this.#writing;
    const steps = this.#waiting;
    this.#waiting = [];
    return steps;
  }

  /** Writes what waits now: the attempt stays open without this process. */
  async store(): Promise<void> {
    this.#cancelTimer?.();
    if (this.#waiting.length > 0) this.#flush();
    await this.#writing;
  }

  /** Writes what waits now. Throws UNAVAILABLE when it could not be stored; it waits on. */
  async storeNow(): Promise<void> {
    await this.store();
    if (this.#waiting.length > 0) throw new AppError('UNAVAILABLE');
  }

  #toChange(type: StepType): TaskChange {
    const { id, worker_id, prompt_id } = this.#attempt;
    return { type, attemptId: id, workerId: worker_id, promptId: prompt_id };
  }

  #flush(): void {
    this.#cancelTimer = null;
    const changes = this.#waiting;
    this.#waiting = [];
    const attempt = this.#attempt;
    this.#writing = this.#writing.then(() => this.#write(attempt, changes));
  }

  async #write(attempt: AttemptRow, changes: readonly TaskChange[]): Promise<void> {
    const { journal, logger, writeAttempt } = this.#deps;
    try {
      await journal.change(attempt.task_id, (task: TaskRow) =>
        task.epoch === attempt.epoch ? { changes, writes: [writeAttempt(attempt)] } : null,
      );
    } catch (thrown) {
      // The database is away: the end of the attempt brings these steps again, in order.
      logger.warn('attempt.steps_late', { attemptId: attempt.id, error: thrown });
      this.#waiting = [...changes, ...this.#waiting];
    }
  }
}
