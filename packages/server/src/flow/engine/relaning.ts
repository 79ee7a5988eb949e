import { startTimeSlice } from '@comfleet/comfyui';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Board } from '../placement/board.ts';
import type { TaskQueue } from '../queue/task-queue.ts';
import { streamWaitingTasks } from '../tasks/task-queries.ts';
import type { TaskTables } from '../tasks/task-tables.ts';
import type { TaskLanes } from './task-lanes.ts';

export interface RelaningDeps {
  database: Database<TaskTables>;
  board: Board;
  queue: TaskQueue;
  lanes: TaskLanes;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  /** A look is through: workers of more kinds may serve lanes now. */
  onSettled: () => void;
}

/** After this a look at the waiting tasks that failed for want of the database is tried again. */
const RETRY_MS = 1000;

/**
 * Moves waiting tasks into the lanes that are theirs since a kind of workers came or went. Workers of a new kind serve no lane
 * before a whole look at what waits has been through since the kind was known: what is known of a lane says nothing about it. A
 * look goes on to its end while the fleet changes, so that one worker that comes and goes keeps no other from its tasks.
 *
 *   idle   →  busy   by `start`
 *   busy   →  again  by a `start` meanwhile, or by a failure: one more look follows
 *   again  →  busy   when the look ends; busy → idle when it ends unasked
 */
export class Relaning {
  readonly #deps: RelaningDeps;
  /** Kinds that all lanes know of. */
  #settled: ReadonlySet<string> = new Set();
  /** Kinds that were known when the look began, and ever since. */
  #looked: ReadonlySet<string> = new Set();
  #state: 'idle' | 'busy' | 'again' = 'idle';

  constructor(deps: RelaningDeps) {
    this.#deps = deps;
  }

  /** True while tasks may stand in lanes of before. */
  get isBusy(): boolean {
    return this.#state !== 'idle';
  }

  /** Whether workers of this kind may serve lanes: false while it is new to some of them. */
  mayServe({ id }: WorkerKind): boolean {
    return !this.isBusy || this.#settled.has(id);
  }

  /** Looks at everything that waits, once now. */
  start(): void {
    const { board, signal } = this.#deps;
    if (signal.aborted) return;
    board.renewLanes();
    const known = this.#listKnown();
    this.#settled = keep(this.#settled, known);
    this.#looked = keep(this.#looked, known);
    if (this.#state === 'idle') this.#look();
    else this.#state = 'again';
  }

  #look(): void {
    this.#state = 'busy';
    this.#looked = this.#listKnown();
    if (this.#deps.queue.size() === 0) this.#finish(true);
    else void this.#moveAll().then((isThrough) => this.#finish(isThrough));
  }

  #finish(isThrough: boolean): void {
    const { board, signal, onSettled } = this.#deps;
    const isAsked = this.#state === 'again' || !isThrough;
    if (isThrough) this.#settled = this.#looked;
    if (!isAsked) {
      this.#state = 'idle';
      board.dropOutdatedLanes();
    }
    if (signal.aborted) return;
    if (isThrough) onSettled();
    if (isAsked) this.#look();
  }

  #listKnown(): ReadonlySet<string> {
    return new Set(this.#deps.lanes.kinds.map(({ id }) => id));
  }

  /** False when it failed; what waits is then looked at again. */
  async #moveAll(): Promise<boolean> {
    const { clock, logger, signal } = this.#deps;
    try {
      await this.#moveWaiting();
      return true;
    } catch (thrown) {
      if (signal.aborted) return false;
      logger.warn('relaning.failed', { error: thrown });
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
