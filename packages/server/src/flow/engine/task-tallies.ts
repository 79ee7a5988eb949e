import type { TaskRow } from '../tasks/task-tables.ts';

/** Counts for health and metrics, updated with every stored change. */
export class TaskTallies {
  readonly #held = new Set<string>();
  readonly #finished: Record<string, number> = {};

  /** How many tasks are held. */
  get held(): number {
    return this.#held.size;
  }

  /** How many tasks have ended since the start, by final state. */
  get finished(): Readonly<Record<string, number>> {
    return this.#finished;
  }

  /** The task is no longer held, or is gone. */
  forget(id: TaskRow['id']): void {
    this.#held.delete(id);
  }

  /** Records a task that was accepted, loaded at the start, or changed. */
  record(task: Pick<TaskRow, 'id' | 'state' | 'ended_at'>): void {
    if (task.state === 'held') this.#held.add(task.id);
    else this.#held.delete(task.id);
    if (task.ended_at !== null) this.#finished[task.state] = (this.#finished[task.state] ?? 0) + 1;
  }
}
