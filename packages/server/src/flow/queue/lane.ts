import type { PrincipalId } from '@comfleet/contract';
import { OrderedList } from './ordered-list.ts';
import {
  compareAccepted,
  compareWaiting,
  type MayStart,
  type QueuedTask,
  type WaitingTask,
} from './task-queue.ts';

const HIGHEST_RANK = 10;

/** One client in a lane. */
interface Client {
  /** Its waiting tasks by project: those of one may have to wait while those of another may start. */
  projects: Map<string | null, OrderedList<WaitingTask>>;
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
  /** The first task of each client in each of its projects. */
  readonly #heads = new OrderedList<WaitingTask>(compareWaiting);

  get size(): number {
    return this.#size;
  }

  /** Adds a task and returns it with its order. A task that was taken before keeps its order. */
  put(task: QueuedTask | WaitingTask, nowMs: number): WaitingTask {
    const client = this.#findClient(task.ownerId, nowMs);
    const waiting = 'tag' in task ? task : this.#tagged(task, client);
    client.lastTag = Math.max(client.lastTag, waiting.tag);
    const tasks = client.projects.get(task.projectId) ?? new OrderedList<WaitingTask>(compareWaiting);
    client.projects.set(task.projectId, tasks);
    this.#change(tasks, () => tasks.add(waiting));
    this.#size += 1;
    return waiting;
  }

  /** The first task, of those that may start. */
  first(mayStart?: MayStart): WaitingTask | null {
    return (mayStart ? this.#heads.find(mayStart) : this.#heads.first()) ?? null;
  }

  /** Removes and returns the first task of those that may start; its client's turn is over. */
  take(nowMs: number, mayStart?: MayStart): WaitingTask | null {
    const task = this.first(mayStart);
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
    const tasks = client?.projects.get(task.projectId);
    if (!client || !tasks) return;
    this.#change(tasks, () => tasks.remove(task));
    this.#size -= 1;
    if (tasks.size === 0) client.projects.delete(task.projectId);
    // Without waiting tasks its tag is not needed: it is below the lane's own.
    if (client.projects.size === 0) this.#clients.delete(task.ownerId);
  }

  /** How many tasks of this lane start before the given one of this lane. */
  countBefore(task: WaitingTask): number {
    return this.#sum((tasks) => tasks.countBefore(task));
  }

  /** How many tasks of this lane start before the given one of another lane. */
  countBeforeStranger(task: WaitingTask): number {
    return this.#sum((tasks) => tasks.countBefore(task, compareAccepted));
  }

  #sum(count: (tasks: OrderedList<WaitingTask>) => number): number {
    let sum = 0;
    for (const { projects } of this.#clients.values())
      for (const tasks of projects.values()) sum += count(tasks);
    return sum;
  }

  /** Raises the first task of each client without a turn for `stepMs`. Returns pairs of before and after. */
  age(nowMs: number, stepMs: number): { before: WaitingTask; after: WaitingTask }[] {
    const raised: { before: WaitingTask; after: WaitingTask }[] = [];
    for (const client of this.#clients.values()) {
      if (nowMs - client.sinceMs < stepMs) continue;
      const before = findFirst(client);
      const tasks = client.projects.get(before?.projectId ?? null);
      if (!before || !tasks) continue;
      client.sinceMs = nowMs;
      if (before.rank >= HIGHEST_RANK) continue;
      const after = { ...before, rank: before.rank + 1 };
      this.#change(tasks, () => {
        tasks.remove(before);
        tasks.add(after);
      });
      raised.push({ before, after });
    }
    return raised;
  }

  #change(tasks: OrderedList<WaitingTask>, step: () => void): void {
    const before = tasks.first();
    step();
    const after = tasks.first();
    if (before === after) return;
    if (before) this.#heads.remove(before);
    if (after) this.#heads.add(after);
  }

  #tagged(task: QueuedTask, client: Client): WaitingTask {
    const rank = task.rank ?? task.priority;
    const isNext = (other: WaitingTask) => other.rank === rank && other.acceptedSeq > task.acceptedSeq;
    const next = task.keepsPlace ? findFirst(client, isNext) : undefined;
    if (next) return { ...task, rank, tag: next.tag, hasElders: next.hasElders };
    const tag = Math.max(this.#startedTag, client.lastTag) + 1;
    return { ...task, rank, tag, hasElders: client.projects.size > 0 };
  }

  #findClient(ownerId: PrincipalId, nowMs: number): Client {
    const known = this.#clients.get(ownerId);
    if (known) return known;
    const client: Client = { projects: new Map(), lastTag: 0, sinceMs: nowMs };
    this.#clients.set(ownerId, client);
    return client;
  }
}

/** The first task of a client that passes the test, of all its projects. */
function findFirst(
  { projects }: Client,
  test: (task: WaitingTask) => boolean = () => true,
): WaitingTask | undefined {
  let first: WaitingTask | undefined;
  for (const tasks of projects.values()) {
    const found = tasks.find(test);
    if (found && (!first || compareWaiting(found, first) < 0)) first = found;
  }
  return first;
}
