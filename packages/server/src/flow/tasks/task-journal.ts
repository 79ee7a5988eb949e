import type { TaskId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { failpoint } from '../../platform/lifecycle/failpoints.ts';
import { type ChangedTask, changeTask, type TaskChange } from './task-change.ts';
import { findTask, writeChanges } from './task-rows.ts';
import type { TaskRow, TaskTables } from './task-tables.ts';

/** Called after a commit, before its effects are visible through this process. */
export type OnCommitted = (changes: readonly ChangedTask[]) => void;

const MAX_TRIES = 8;

/** Plans what to write for the current state of a task; null when there is nothing left to do. */
export type PlanChange = (
  task: TaskRow,
) => { changes: readonly TaskChange[]; writes?: readonly Write[] } | null;

/**
 * The only way to change a task: plan on the row as read, commit with its version, and read again if another change was faster.
 * A plan that returns null, or is no longer legal, has lost, which is a normal outcome.
 */
export class TaskJournal {
  readonly #database: Database<TaskTables>;
  readonly #onCommitted: OnCommitted;

  constructor(database: Database<TaskTables>, onCommitted: OnCommitted) {
    this.#database = database;
    this.#onCommitted = onCommitted;
  }

  async load(id: TaskId): Promise<TaskRow | null> {
    const [row] = await this.#database.read(findTask(this.#database.k, id));
    return row ?? null;
  }

  /** Returns the changed task; null when the change was lost. `seen` saves a read if the caller has the row. */
  async change(id: TaskId, plan: PlanChange, seen?: TaskRow): Promise<TaskRow | null> {
    let task = seen ?? (await this.load(id));
    for (let tries = 0; task && tries < MAX_TRIES; tries += 1) {
      const planned = plan(task);
      if (!planned) return null;
      const changed = applyAll(task, planned.changes, this.#database.nowMs());
      if (!changed) return null;
      const outcome = await this.#database.commit([
        ...writeChanges(this.#database.k, task.version, changed),
        ...(planned.writes ?? []),
      ]);
      if (outcome.kind === 'committed') {
        failpoint('before_events');
        this.#onCommitted(changed);
        return changed.at(-1)?.row ?? task;
      }
      const before: TaskRow = task;
      task = await this.load(id);
      // The task has not changed, so another write of the plan was refused, and would be again.
      if (task?.version === before.version) return null;
    }
    return null;
  }
}

function applyAll(task: TaskRow, changes: readonly TaskChange[], atMs: number): ChangedTask[] | null {
  const changed: ChangedTask[] = [];
  let current = task;
  for (const change of changes) {
    const next = changeTask(current, change, atMs);
    if (!next) return null;
    changed.push(next);
    current = next.row;
  }
  return changed;
}
