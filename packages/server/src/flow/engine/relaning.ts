import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { Database } from '../../platform/database/database.ts';
import { toError } from '../../platform/errors/app-error.ts';
import { createTurns } from '../../platform/lifecycle/turns.ts';
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
  /** Every waiting task stands in its lane as the fleet is known now. */
  onDone: () => void;
}

/** After this a look at the waiting tasks that failed for want of the database is tried again. */
const RETRY_MS = 1000;

/**
 * Moves waiting tasks into the lanes that are theirs since a kind of workers came or went. Until it is through, no worker of a
 * new kind serves a lane: what is known of a lane says nothing about it.
 *
 *   idle   →  busy   by `start`
 *   busy   →  again  by a `start` meanwhile: the fleet has changed once more
 *   again  →  busy   when the look ends; busy → idle when it ends unasked
 */
export class Relaning {
  readonly #deps: RelaningDeps;
  /** Kinds that all lanes know of. */
  #settled = new Set<string>();
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
    const { board, queue, lanes, signal } = this.#deps;
    if (signal.aborted) return;
    board.renewLanes();
    const known = new Set(lanes.kinds.map(({ id }) => id));
    this.#settled = new Set([...this.#settled].filter((id) => known.has(id)));
    if (this.#state !== 'idle') {
      this.#state = 'again';
      return;
    }
    if (queue.size() === 0) {
      this.#settle();
      return;
    }
    this.#state = 'busy';
    void this.#moveAll().then(() => this.#finish());
  }

  #finish(): void {
    const again = this.#state === 'again';
    this.#state = 'idle';
    if (this.#deps.signal.aborted) return;
    if (again) this.start();
    else this.#settle();
  }

  #settle(): void {
    const { board, lanes, onDone } = this.#deps;
    this.#settled = new Set(lanes.kinds.map(({ id }) => id));
    board.dropOutdatedLanes();
    onDone();
  }

  async #moveAll(): Promise<void> {
    const { clock, logger, signal } = this.#deps;
    try {
      await this.#moveWaiting();
    } catch (thrown) {
      if (signal.aborted) return;
      logger.warn('relaning.failed', { error: toError(thrown).message });
      this.#state = 'again';
      await clock.sleep(RETRY_MS, signal).catch(() => {
        // Closing: the next start puts every task into its lane.
      });
    }
  }

  async #moveWaiting(): Promise<void> {
    const { database, board, queue, lanes, clock, signal } = this.#deps;
    const turns = createTurns(clock);
    for await (const { id, requirements } of streamWaitingTasks(database, ['queued'])) {
      await turns.next();
      if (signal.aborted || this.#state === 'again') return;
      if (queue.laneOf(id) === null) continue;
      const { key, needs } = lanes.find(requirements);
      board.openLane(key, () => needs);
      await queue.move(id, key);
    }
  }
}
