import type { TaskId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { failpoint } from '../../platform/lifecycle/failpoints.ts';
import { type ChangedTask, changeTask, type TaskChange } from './task-change.ts';
import { findTask, writeChanges } from './task-rows.ts';
import type { TaskRow, TaskTables } from './task-tables.ts';

/** Called after a commit, before anyone else can see its effects through this process. */
export type OnCommitted = (changes: readonly ChangedTask[]) => void;

const MAX_TRIES = 8;

/** What is to be written for a task as it stands now; null when nothing is to be done any more. */
export type PlanChange = (
  task: TaskRow,
) => { changes: readonly TaskChange[]; writes?: readonly Write[] } | null;

/**
 * The one way a task changes: plan on the row as read, commit naming its version, read again when another change came
 * first. A plan that answers null, or that is not legal any more, has lost: a normal outcome.
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

  /** The task after the change, or null when the change was lost. `seen` saves a read when the caller has the row. */
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
      // Another write of the plan was refused while the task stood still: trying again would refuse it again.
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
