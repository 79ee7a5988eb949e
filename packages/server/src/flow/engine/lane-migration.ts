import { startTimeSlice } from '@comfleet/comfyui';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { PlacementBoard } from '../placement/placement-board.ts';
import type { TaskQueue } from '../queue/task-queue.ts';
import { streamWaitingTasks } from '../tasks/task-queries.ts';
import type { TaskTables } from '../tasks/task-tables.ts';
import type { TaskLanes } from './task-lanes.ts';

export interface LaneMigrationDeps {
  database: Database<TaskTables>;
  board: PlacementBoard;
  queue: TaskQueue;
  lanes: TaskLanes;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  /** A pass is complete: workers of more kinds may serve lanes now. */
  onSettled: () => void;
}

/** Delay before a pass over the waiting tasks is retried that failed because of the database. */
const RETRY_MS = 1000;

/**
 * Moves waiting tasks into their new lanes after a kind of workers came or went. Workers of a new kind serve no lane until a
 * full pass over the waiting tasks has begun and ended after the kind became known: the lanes of before were not matched
 * against it. A pass runs to its end while the fleet changes, so that a flapping worker keeps no other from its tasks.
 *
 * - idle: every task is in its lane. Entered at the start, and from `busy` when a pass is complete.
 * - busy: a pass is under way. Entered from `idle` by `start`, and from `again` when the pass before it ends.
 * - again: one more pass follows this one. Entered from `busy` by `start` or by a failure. Ignores further starts.
 */
export class LaneMigration {
  readonly #deps: LaneMigrationDeps;
  /** Kinds that every lane was matched against. */
  #settled: ReadonlySet<string> = new Set();
  /** Kinds that were known when the pass began, and ever since. */
  #seen: ReadonlySet<string> = new Set();
  #state: 'idle' | 'busy' | 'again' = 'idle';

  constructor(deps: LaneMigrationDeps) {
    this.#deps = deps;
  }

  /** True while tasks may still be in outdated lanes. */
  get isBusy(): boolean {
    return this.#state !== 'idle';
  }

  /** Whether workers of this kind may serve lanes: false until every lane was matched against it. */
  mayServe({ id }: WorkerKind): boolean {
    return !this.isBusy || this.#settled.has(id);
  }

  /** Starts a pass over all waiting tasks, or requests one more. */
  start(): void {
    const { board, signal } = this.#deps;
    if (signal.aborted) return;
    board.renewLanes();
    const known = this.#listKnown();
    this.#settled = keep(this.#settled, known);
    this.#seen = keep(this.#seen, known);
    if (this.#state === 'idle') this.#pass();
    else this.#state = 'again';
  }

  #pass(): void {
    this.#state = 'busy';
    this.#seen = this.#listKnown();
    if (this.#deps.queue.size() === 0) this.#finish(true);
    else void this.#moveAll().then((isComplete) => this.#finish(isComplete));
  }

  #finish(isComplete: boolean): void {
    const { board, signal, onSettled } = this.#deps;
    const isRequested = this.#state === 'again' || !isComplete;
    if (isComplete) this.#settled = this.#seen;
    if (!isRequested) {
      this.#state = 'idle';
      board.dropOutdatedLanes();
    }
    if (signal.aborted) return;
    if (isComplete) onSettled();
    if (isRequested) this.#pass();
  }

  #listKnown(): ReadonlySet<string> {
    return new Set(this.#deps.lanes.kinds.map(({ id }) => id));
  }

  /** False when it failed; the pass is then repeated. */
  async #moveAll(): Promise<boolean> {
    const { clock, logger, signal } = this.#deps;
    try {
      await this.#moveWaiting();
      return true;
    } catch (thrown) {
      if (signal.aborted) return false;
      logger.warn('lanes.migration_failed', { error: thrown });
      await clock.sleep(RETRY_MS, signal).catch(() => {
        // Closing: the next start puts every task into its lane.
      });
      return false;
    }
  }

  async #moveWaiting(): Promise<void> {
    const { database, board, queue, lanes, clock, signal } = this.#deps;
    const slice = startTimeSlice(clock);
    for await (const { id, requirements } of streamWaitingTasks(database, 'queued')) {
      await slice.yieldIfSpent();
      signal.throwIfAborted();
      if (queue.laneOf(id) === null) continue;
      const { key, needs } = lanes.find(requirements);
      board.openLane(key, () => needs);
      await queue.move(id, key);
    }
  }
}

function keep(kinds: ReadonlySet<string>, known: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...kinds].filter((id) => known.has(id)));
}
