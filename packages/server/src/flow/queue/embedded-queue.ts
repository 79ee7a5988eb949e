import type { TaskId } from '@comfleet/contract';
import { compareQueued, type QueuedTask, type TaskQueue } from './task-queue.ts';

/** The queue of one process: a sorted list per lane in memory, rebuilt from SQL at the start. */
export class EmbeddedQueue implements TaskQueue {
  readonly #lanes = new Map<string, QueuedTask[]>();
  readonly #byId = new Map<TaskId, QueuedTask>();
  readonly #listeners = new Set<() => void>();

  async put(task: QueuedTask): Promise<void> {
    this.#remove(task.taskId);
    this.#insert(task);
    for (const listener of this.#listeners) listener();
  }

  async heads(lanes: readonly string[]): Promise<QueuedTask[]> {
    return lanes.flatMap((lane) => this.#lanes.get(lane)?.[0] ?? []);
  }

  async lanes(): Promise<string[]> {
    return [...this.#lanes.keys()];
  }

  async take(lane: string): Promise<QueuedTask | null> {
    const head = this.#lanes.get(lane)?.[0];
    if (!head) return null;
    this.#remove(head.taskId);
    return head;
  }

  async drop(taskId: TaskId): Promise<void> {
    this.#remove(taskId);
  }

  async rebuild(tasks: Iterable<QueuedTask>): Promise<void> {
    this.#lanes.clear();
    this.#byId.clear();
    for (const task of tasks) this.#insert(task);
    for (const listener of this.#listeners) listener();
  }

  position(taskId: TaskId): number | null {
    const task = this.#byId.get(taskId);
    if (!task) return null;
    let ahead = 0;
    for (const lane of this.#lanes.values()) ahead += findPlace(lane, task);
    return ahead;
  }

  size(): number {
    return this.#byId.size;
  }

  onReady(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #insert(task: QueuedTask): void {
    const lane = this.#lanes.get(task.lane) ?? [];
    const last = lane.at(-1);
    // Nearly every put is the newest of its priority: look at the end before searching.
    if (!last || compareQueued(last, task) < 0) lane.push(task);
    else lane.splice(findPlace(lane, task), 0, task);
    this.#lanes.set(task.lane, lane);
    this.#byId.set(task.taskId, task);
  }

  #remove(taskId: TaskId): void {
    const task = this.#byId.get(taskId);
    if (!task) return;
    this.#byId.delete(taskId);
    const lane = this.#lanes.get(task.lane) ?? [];
    lane.splice(findPlace(lane, task), 1);
    if (lane.length === 0) this.#lanes.delete(task.lane);
  }
}

/** Index of a task in a sorted lane, or where it would stand (binary search; the order is total by acceptance). */
function findPlace(lane: readonly QueuedTask[], task: QueuedTask): number {
  let low = 0;
  let high = lane.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = lane[middle];
    if (at && compareQueued(at, task) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
