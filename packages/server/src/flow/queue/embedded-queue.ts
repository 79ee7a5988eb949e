import type { TaskId } from '@comfleet/contract';
import { Lane } from './lane.ts';
import type { MayStart, QueuedTask, TaskQueue, WaitingTask } from './task-queue.ts';

export interface QueueOptions {
  /** Monotonic ms. */
  now: () => number;
  /** A client without a started task in a lane for this long has its rank raised by one. */
  agingMs: () => number;
}

/** The queue of one process: lanes in memory, rebuilt from SQL at the start. */
export class EmbeddedQueue implements TaskQueue {
  readonly #options: QueueOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #byId = new Map<TaskId, WaitingTask>();
  readonly #listeners = new Set<() => void>();

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  async put(task: QueuedTask | WaitingTask): Promise<void> {
    this.#remove(task.taskId);
    this.#insert(task);
    for (const listener of this.#listeners) listener();
  }

  async heads(lanes: readonly string[], mayStart?: MayStart): Promise<WaitingTask[]> {
    const heads: WaitingTask[] = [];
    for (const lane of lanes) {
      const head = this.#lanes.get(lane)?.first(mayStart);
      if (head) heads.push(head);
    }
    return heads;
  }

  async lanes(): Promise<string[]> {
    return [...this.#lanes.keys()];
  }

  async take(lane: string, mayStart?: MayStart): Promise<WaitingTask | null> {
    const task = this.#lanes.get(lane)?.take(this.#options.now(), mayStart) ?? null;
    if (task) this.#forget(task);
    return task;
  }

  laneOf(taskId: TaskId): string | null {
    return this.#byId.get(taskId)?.lane ?? null;
  }

  async move(taskId: TaskId, lane: string): Promise<void> {
    const task = this.#byId.get(taskId);
    if (!task || task.lane === lane) return;
    const { tag: _tag, hasElders: _hasElders, ...queued } = task;
    await this.put({ ...queued, lane });
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

  async age(): Promise<boolean> {
    const { now, agingMs } = this.#options;
    let changed = false;
    for (const lane of this.#lanes.values()) {
      for (const { after } of lane.age(now(), agingMs())) {
        this.#byId.set(after.taskId, after);
        changed = true;
      }
    }
    return changed;
  }

  position(taskId: TaskId): number | null {
    const task = this.#byId.get(taskId);
    if (!task) return null;
    let ahead = 0;
    for (const [key, lane] of this.#lanes)
      ahead += key === task.lane ? lane.countBefore(task) : lane.countBeforeStranger(task);
    return ahead;
  }

  count(lane: string): number {
    return this.#lanes.get(lane)?.size ?? 0;
  }

  positionInLane(taskId: TaskId): number | null {
    const task = this.#byId.get(taskId);
    return task ? (this.#lanes.get(task.lane)?.countBefore(task) ?? null) : null;
  }

  laneSizes(): { lane: string; waiting: number }[] {
    return [...this.#lanes].map(([lane, { size }]) => ({ lane, waiting: size }));
  }

  size(): number {
    return this.#byId.size;
  }

  onReady(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #insert(task: QueuedTask | WaitingTask): void {
    const lane = this.#lanes.get(task.lane) ?? new Lane();
    this.#lanes.set(task.lane, lane);
    this.#byId.set(task.taskId, lane.put(task, this.#options.now()));
  }

  #remove(taskId: TaskId): void {
    const task = this.#byId.get(taskId);
    if (!task) return;
    this.#lanes.get(task.lane)?.remove(task);
    this.#forget(task);
  }

  #forget(task: WaitingTask): void {
    this.#byId.delete(task.taskId);
    if (this.#lanes.get(task.lane)?.size === 0) this.#lanes.delete(task.lane);
  }
}
