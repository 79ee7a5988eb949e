import type { PrincipalId, ProjectId, TaskId } from '@comfleet/contract';

/** A waiting task with the data that ordering and placement need. */
export interface QueuedTask {
  readonly taskId: TaskId;
  /** Hash of everything that placement filters on: every worker of a lane can run every task of it. */
  readonly lane: string;
  /** 1 … 10; 10 comes first. */
  readonly priority: number;
  /** Acceptance order. */
  readonly acceptedSeq: number;
  readonly ownerId: PrincipalId;
  readonly projectId: ProjectId | null;
  /** Key of its measured run times: the workflow's version, or the graph. */
  readonly workflowKey: string;
  /** Its rank in another lane; absent: its priority. */
  readonly rank?: number;
  /** True for a task that was placed and did not run: it comes before later tasks of its client. */
  readonly keepsPlace?: boolean;
}

/** A task in its lane, with its order. Put back unchanged, it gets its former position. */
export interface WaitingTask extends QueuedTask {
  /** Its priority, raised by one each time its client waited too long. */
  readonly rank: number;
  /** Fair tag: one more than the last tag of the lane, and of its client in the lane. */
  readonly tag: number;
  /** True when earlier tasks of its client were waiting in the lane when it came. */
  readonly hasElders: boolean;
}

/** False for a task whose client or project has all the workers that it may have: later tasks of others go first. */
export type MayStart = (task: Pick<QueuedTask, 'ownerId' | 'projectId'>) => boolean;

/**
 * Orders waiting tasks. It decides nothing, because the claim in SQL does, so a queue can be lost and rebuilt at any time.
 * packages/server/src/flow/queue/conformance.ts runs against every backend.
 */
export interface TaskQueue {
  /** Adds a waiting task; a second put of the same id replaces the first. */
  put(task: QueuedTask | WaitingTask): Promise<void>;
  /** Returns the first task of each lane that has one which may start. */
  heads(lanes: readonly string[], mayStart?: MayStart): Promise<WaitingTask[]>;
  /** Lanes with at least one task. */
  lanes(): Promise<string[]>;
  /** Removes and returns the first task of a lane that may start; null when it has none. */
  take(lane: string, mayStart?: MayStart): Promise<WaitingTask | null>;
  /** Returns the lane of a waiting task; null when it does not wait here. */
  laneOf(taskId: TaskId): string | null;
  /** Moves a waiting task to another lane, behind its client's tasks there; it keeps its rank. Ignores absent tasks. */
  move(taskId: TaskId, lane: string): Promise<void>;
  /** Removes a task from any position. Ignores absent tasks. */
  drop(taskId: TaskId): Promise<void>;
  /** Replaces all tasks by these, in the order of acceptance. */
  rebuild(tasks: Iterable<QueuedTask>): Promise<void>;
  /** Raises the first task of every client without a start in a lane for too long. Returns true when an order changed. */
  age(): Promise<boolean>;
  /** How many tasks come before this one: exact in its own lane, by rank and age in others. Null when it does not wait here. */
  position(taskId: TaskId): number | null;
  /** How many tasks are in a lane. */
  count(lane: string): number;
  /** How many tasks of its own lane come before this one; null when it does not wait here. */
  positionInLane(taskId: TaskId): number | null;
  /** How many tasks wait in each lane that has one. */
  laneSizes(): { lane: string; waiting: number }[];
  size(): number;
  /** Calls the listener synchronously after each put. Returns a function that unsubscribes. */
  onReady(listener: () => void): () => void;
}

/**
 * Order within a lane: rank, then fair tag, then a client that had nothing else waiting, then age. So a client that sends one task
 * after another gets its turn before the next task of a batch. Negative when `a` comes first.
 */
export function compareWaiting(a: WaitingTask, b: WaitingTask): number {
  return (
    b.rank - a.rank ||
    a.tag - b.tag ||
    Number(a.hasElders) - Number(b.hasElders) ||
    a.acceptedSeq - b.acceptedSeq
  );
}

/** Order between lanes, where tags have no meaning: rank, then age. */
export function compareAccepted(a: WaitingTask, b: WaitingTask): number {
  return b.rank - a.rank || a.acceptedSeq - b.acceptedSeq;
}
