import type { TaskId } from '@comfleet/contract';

/** A waiting task as the queue knows it: enough to order and place it, nothing more. */
export interface QueuedTask {
  readonly taskId: TaskId;
  /** Hash of everything placement filters on: any head of a lane suits any worker that serves the lane. */
  readonly lane: string;
  /** 1 … 10, 10 first. */
  readonly priority: number;
  /** Acceptance order. */
  readonly acceptedSeq: number;
  readonly ownerId: string;
}

/**
 * Orders waiting tasks. It decides nothing: the claim in SQL does, and a queue can be lost and rebuilt at any time.
 * Conformance: packages/server/src/flow/queue/conformance.ts runs against every engine.
 */
export interface TaskQueue {
  /** Adds a waiting task; a second put of the same id replaces the first. */
  put(task: QueuedTask): Promise<void>;
  /** The first task of each lane that has one. */
  heads(lanes: readonly string[]): Promise<QueuedTask[]>;
  /** Lanes with at least one task. */
  lanes(): Promise<string[]>;
  /** Removes and answers the first task of a lane; null when it is empty. */
  take(lane: string): Promise<QueuedTask | null>;
  /** Removes a task wherever it stands; absent ones are fine. */
  drop(taskId: TaskId): Promise<void>;
  /** Replaces everything by these tasks. */
  rebuild(tasks: Iterable<QueuedTask>): Promise<void>;
  /** Tasks of all lanes that come before this one by priority and acceptance; null when it does not wait here. */
  position(taskId: TaskId): number | null;
  size(): number;
  /** Called after a put, at once. The answer unsubscribes. */
  onReady(listener: () => void): () => void;
}

/** Order within a lane: priority, then acceptance. Negative when `a` comes first. */
export function compareQueued(a: QueuedTask, b: QueuedTask): number {
  return b.priority - a.priority || a.acceptedSeq - b.acceptedSeq;
}
