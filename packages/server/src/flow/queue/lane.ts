import type { PrincipalId } from '@comfleet/contract';
import { OrderedList } from './ordered-list.ts';
import { compareAccepted, compareWaiting, type QueuedTask, type WaitingTask } from './task-queue.ts';

const HIGHEST_RANK = 10;

/** Waiting tasks of one client in a lane. */
interface Client {
  tasks: OrderedList<WaitingTask>;
  /** Tag of its last task here. */
  lastTag: number;
  /** When one of its tasks here last started, or it first waited; monotonic ms. */
  sinceMs: number;
}

/**
 * The waiting tasks of one lane. Clients take turns by fair tags, so that a client with ten thousand tasks alternates with one
 * that has a single task. A client without a turn for long is raised. Pure: callers pass the time.
 */
export class Lane {
  readonly #clients = new Map<string, Client>();
  /** Tag of the task that started last. */
  #startedTag = 0;
  #size = 0;
  /** The first task of each client. */
  readonly #heads = new OrderedList<WaitingTask>(compareWaiting);

  get size(): number {
    return this.#size;
  }

  /** Adds a task and returns it with its order. A task that was taken before keeps its order. */
  put(task: QueuedTask | WaitingTask, nowMs: number): WaitingTask {
    const client = this.#findClient(task.ownerId, nowMs);
    const waiting = 'tag' in task ? task : this.#tagged(task, client);
    client.lastTag = Math.max(client.lastTag, waiting.tag);
    this.#change(client, () => client.tasks.add(waiting));
    this.#size += 1;
    return waiting;
  }

  first(): WaitingTask | null {
    return this.#heads.first() ?? null;
  }

  /** Removes and returns the first task; its client's turn is over. */
  take(nowMs: number): WaitingTask | null {
    const task = this.first();
    if (!task) return null;
    this.remove(task);
    this.#startedTag = Math.max(this.#startedTag, task.tag);
    const client = this.#clients.get(task.ownerId);
    if (client) client.sinceMs = nowMs;
    return task;
  }

  /** Removes a task from any position. */
  remove(task: WaitingTask): void {
    const client = this.#clients.get(task.ownerId);
    if (!client) return;
    this.#change(client, () => client.tasks.remove(task));
    this.#size -= 1;
    // Without waiting tasks its tag is not needed: it is below the lane's own.
    if (client.tasks.size === 0) this.#clients.delete(task.ownerId);
  }

  /** How many tasks of this lane start before the given one of this lane. */
  countBefore(task: WaitingTask): number {
    let ahead = 0;
    for (const { tasks } of this.#clients.values()) ahead += tasks.countBefore(task);
    return ahead;
  }

  /** How many tasks of this lane start before the given one of another lane. */
  countBeforeStranger(task: WaitingTask): number {
    let ahead = 0;
    for (const { tasks } of this.#clients.values()) ahead += tasks.countBefore(task, compareAccepted);
    return ahead;
  }

  /** Raises the first task of each client without a turn for `stepMs`. Returns pairs of before and after. */
  age(nowMs: number, stepMs: number): { before: WaitingTask; after: WaitingTask }[] {
    const raised: { before: WaitingTask; after: WaitingTask }[] = [];
    for (const client of this.#clients.values()) {
      const before = client.tasks.first();
      if (!before || nowMs - client.sinceMs < stepMs) continue;
      client.sinceMs = nowMs;
      if (before.rank >= HIGHEST_RANK) continue;
      const after = { ...before, rank: before.rank + 1 };
      this.#change(client, () => {
        client.tasks.remove(before);
        client.tasks.add(after);
      });
      raised.push({ before, after });
    }
    return raised;
  }

  #change(client: Client, step: () => void): void {
    const before = client.tasks.first();
    step();
    const after = client.tasks.first();
    if (before === after) return;
    if (before) this.#heads.remove(before);
    if (after) this.#heads.add(after);
  }

  #tagged(task: QueuedTask, client: Client): WaitingTask {
    const rank = task.rank ?? task.priority;
    const isNext = (other: WaitingTask) => other.rank === rank && other.acceptedSeq > task.acceptedSeq;
    const next = task.keepsPlace ? client.tasks.find(isNext) : undefined;
    if (next) return { ...task, rank, tag: next.tag, hasElders: next.hasElders };
    const tag = Math.max(this.#startedTag, client.lastTag) + 1;
    return { ...task, rank, tag, hasElders: client.tasks.size > 0 };
  }

  #findClient(ownerId: PrincipalId, nowMs: number): Client {
    const known = this.#clients.get(ownerId);
    if (known) return known;
    const client = { tasks: new OrderedList<WaitingTask>(compareWaiting), lastTag: 0, sinceMs: nowMs };
    this.#clients.set(ownerId, client);
    return client;
  }
}
