import type { TaskRow } from '../tasks/task-tables.ts';

/** Counts that health and metrics show, kept up with every stored change. */
export class TaskTallies {
  readonly #held = new Set<string>();
  readonly #finished: Record<string, number> = {};

  /** Tasks that wait outside the lanes. */
  get held(): number {
    return this.#held.size;
  }

  /** Tasks that ended since the start, by their end. */
  get finished(): Readonly<Record<string, number>> {
    return this.#finished;
  }

  /** The task is held no more, or is gone. */
  forget(id: TaskRow['id']): void {
    this.#held.delete(id);
  }

  /** Takes in a task as it was accepted, found at the start, or changed. */
  record(task: Pick<TaskRow, 'id' | 'state' | 'ended_at'>): void {
    if (task.state === 'held') this.#held.add(task.id);
    else this.#held.delete(task.id);
    if (task.ended_at !== null) this.#finished[task.state] = (this.#finished[task.state] ?? 0) + 1;
  }
}
