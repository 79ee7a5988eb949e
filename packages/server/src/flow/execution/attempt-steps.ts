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
 * Writes the steps of one attempt to SQL. The claim is stored before anything is sent; later steps may lag by a tenth of a
 * second, so that steps close together share a write, and those of a short run are stored with its end.
 *
 * - claimed: entered by the claim; nothing was sent. Leads to submitted.
 * - submitted: entered by `attempt.submitted` and, after a restart, by `attempt.adopted`. Later `attempt.submitted` are ignored.
 * - running: entered by `attempt.started`, which implies submitted: messages can overtake the answer to the POST.
 * - collecting: entered by `attempt.collecting`, while the disk is full.
 * - ended: entered by the settler in the task's commit, from any of these. `attempt.escalated` changes no state.
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
    // Messages can overtake the answer to the POST: a started prompt was submitted.
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

  /** Returns the steps not written yet, for the commit that ends the attempt. After that nothing is written here. */
  async take(): Promise<TaskChange[]> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    await this.#writing;
    const steps = this.#waiting;
    this.#waiting = [];
    return steps;
  }

  /** Writes the waiting steps, because the attempt stays open beyond this process. */
  async store(): Promise<void> {
    this.#cancelTimer?.();
    if (this.#waiting.length > 0) this.#flush();
    await this.#writing;
  }

  /** Writes the waiting steps. Throws UNAVAILABLE when they could not be stored; then they keep waiting. */
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
      // The database is unavailable: the next write, or the end of the attempt, stores these steps in order.
      logger.warn('attempt.steps_late', { attemptId: attempt.id, error: thrown });
      this.#waiting = [...changes, ...this.#waiting];
    }
  }
}
