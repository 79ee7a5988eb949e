import type { TaskId } from '@comfleet/contract';
import type { Database } from '../../../platform/database/database.ts';
import type { RetryDecision } from '../../execution/retry-budget.ts';
import type { Board } from '../../placement/board.ts';
import { canRun } from '../../placement/needs.ts';
import { parseRequirements } from '../../tasks/requirements.ts';
import type { TaskChange } from '../../tasks/task-change.ts';
import type { TaskJournal } from '../../tasks/task-journal.ts';
import { isBatchPaused, loadDueTasks, streamWaitingTasks } from '../../tasks/task-queries.ts';
import type { TaskRow, TaskTables } from '../../tasks/task-tables.ts';

export interface HeldDeps {
  database: Database<TaskTables>;
  journal: TaskJournal;
  board: Board;
  /** Puts a task that is queued again into its lane. */
  enter: (task: TaskRow) => Promise<void>;
  /** Whether a task whose wait is over may be tried again now (P10). */
  mayRetry: (taskId: TaskId) => RetryDecision;
}

/** True for a task that waits until a worker is known that can run it. */
export function isHeldForWorker({ held_reason: reason }: Pick<TaskRow, 'held_reason'>): boolean {
  return reason === 'no_worker_known' || reason === 'no_worker_capable';
}

/** Tasks that wait outside the lanes, in SQL with their reason, and how they come back. */
export class HeldTasks {
  readonly #deps: HeldDeps;

  constructor(deps: HeldDeps) {
    this.#deps = deps;
  }

  /** Those whose time has come go back into their lanes. */
  async releaseDue(): Promise<void> {
    const { database } = this.#deps;
    for (const task of await loadDueTasks(database, database.nowMs())) {
      const decision = this.#deps.mayRetry(task.id);
      if (decision.kind === 'go') await this.release(task);
      else await this.#waitLonger(task, decision.delayMs);
    }
  }

  /** A retry beyond the fleet's budget. */
  async #waitLonger(task: TaskRow, delayMs: number): Promise<void> {
    const dueAtMs = this.#deps.database.nowMs() + delayMs;
    const details = { reason: 'retry_budget' };
    const wait: TaskChange = { type: 'task.held', heldReason: 'retry_delay', dueAtMs, details };
    await this.#deps.journal.change(
      task.id,
      (row) => (row.state === 'held' ? { changes: [wait] } : null),
      task,
    );
  }

  /** Lets a held task wait in its lane; one of a paused batch stays held for that. */
  async release(task: TaskRow): Promise<void> {
    const paused = await isBatchPaused(this.#deps.database, task);
    if (paused && task.held_reason === 'batch_paused') return;
    const change: TaskChange = paused
      ? { type: 'task.held', heldReason: 'batch_paused' }
      : { type: 'task.queued' };
    const queued = await this.#deps.journal.change(
      task.id,
      (row) => (row.state === 'held' ? { changes: [change] } : null),
      task,
    );
    if (queued) await this.#deps.enter(queued);
  }

  /** A task that is queued again although its batch was paused meanwhile is held with it; true when it is. */
  async holdWithBatch(task: TaskRow): Promise<boolean> {
    const { database, journal } = this.#deps;
    if (!(await isBatchPaused(database, task))) return false;
    const hold: TaskChange = { type: 'task.held', heldReason: 'batch_paused' };
    await journal.change(task.id, (row) => (row.state === 'queued' ? { changes: [hold] } : null), task);
    return true;
  }

  /** Tasks held for want of a worker: whoever can run now is let go, the others say why they wait. */
  async review(): Promise<void> {
    const { board, database } = this.#deps;
    const known = [...board.workers.values()].filter(({ facts }) => facts.classTypes !== null);
    if (known.length === 0) return;
    for await (const task of streamWaitingTasks(database, ['held'])) {
      if (!isHeldForWorker(task)) continue;
      const needs = parseRequirements(task.requirements);
      if (known.some(({ facts }) => canRun(facts, needs))) await this.release(task);
      else if (task.held_reason === 'no_worker_known') await this.#holdIncapable(task);
    }
  }

  async #holdIncapable(task: TaskRow): Promise<void> {
    await this.#deps.journal.change(task.id, (row) =>
      row.state === 'held' ? { changes: [{ type: 'task.held', heldReason: 'no_worker_capable' }] } : null,
    );
  }
}
