import type { PrincipalId, TaskId } from '@comfleet/contract';

/** A waiting task as the queue knows it: enough to order and place it, nothing more. */
export interface QueuedTask {
  readonly taskId: TaskId;
  /** Hash of everything placement filters on: any head of a lane suits any worker that serves the lane. */
  readonly lane: string;
  /** 1 … 10, 10 first. */
  readonly priority: number;
  /** Acceptance order. */
  readonly acceptedSeq: number;
  readonly ownerId: PrincipalId;
  /** What its run time is measured under: the workflow's version, or the graph. */
  readonly workflowKey: string;
  /** What it was raised to in another lane; absent: its priority. */
  readonly rank?: number;
  /** It comes back from a worker that never had it: it stands before what its client sent after it. */
  readonly keepsPlace?: boolean;
}

/** A task in its lane, with what orders it there. Put back as it was taken, it stands where it stood. */
export interface WaitingTask extends QueuedTask {
  /** Its priority, raised a step each time its client had to wait too long. */
  readonly rank: number;
  /** Fair tag: one more than what the lane, and this client in it, had come to. */
  readonly tag: number;
  /** When it came, others of its client waited in the lane already. */
  readonly hasElders: boolean;
}

/**
 * Orders waiting tasks. It decides nothing: the claim in SQL does, and a queue can be lost and rebuilt at any time.
 * Conformance: packages/server/src/flow/queue/conformance.ts runs against every backend.
 */
export interface TaskQueue {
  /** Adds a waiting task; a second put of the same id replaces the first. */
  put(task: QueuedTask | WaitingTask): Promise<void>;
  /** The first task of each lane that has one. */
  heads(lanes: readonly string[]): Promise<WaitingTask[]>;
  /** Lanes with at least one task. */
  lanes(): Promise<string[]>;
  /** Removes and answers the first task of a lane; null when it is empty. */
  take(lane: string): Promise<WaitingTask | null>;
  /** The lane a task waits in; null when it does not wait here. */
  laneOf(taskId: TaskId): string | null;
  /** Puts a waiting task into another lane, behind what its client has there; it keeps its rank. Absent ones are fine. */
  move(taskId: TaskId, lane: string): Promise<void>;
  /** Removes a task wherever it stands; absent ones are fine. */
  drop(taskId: TaskId): Promise<void>;
  /** Replaces everything by these tasks, given in the order of acceptance. */
  rebuild(tasks: Iterable<QueuedTask>): Promise<void>;
  /** Raises the first task of every client that had no start in a lane for too long; true when that changed an order. */
  age(): Promise<boolean>;
  /** Tasks that come before this one: exact in its own lane, by rank and acceptance in others; null when it does not wait here. */
  position(taskId: TaskId): number | null;
  /** Tasks in a lane. */
  count(lane: string): number;
  /** Tasks of its own lane that come before this one; null when it does not wait here. */
  positionInLane(taskId: TaskId): number | null;
  /** How many tasks wait in each lane that has one. */
  laneSizes(): { lane: string; waiting: number }[];
  size(): number;
  /** Called after a put, at once. The answer unsubscribes. */
  onReady(listener: () => void): () => void;
}

/**
 * Order within a lane: rank, then fair tag, then the client that had nothing else waiting, then acceptance: a client that
 * sends a task whenever one has ended gets its turn before a batch gets its next. Negative when `a` comes first.
 */
export function compareWaiting(a: WaitingTask, b: WaitingTask): number {
  return (
    b.rank - a.rank ||
    a.tag - b.tag ||
    Number(a.hasElders) - Number(b.hasElders) ||
    a.acceptedSeq - b.acceptedSeq
  );
}

/** Order between lanes, where tags mean nothing: rank, then acceptance. */
export function compareAccepted(a: WaitingTask, b: WaitingTask): number {
  return b.rank - a.rank || a.acceptedSeq - b.acceptedSeq;
}
