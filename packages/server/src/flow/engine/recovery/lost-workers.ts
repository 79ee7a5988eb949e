import type { WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { WorkerSnapshot } from '../../../fleet/workers/worker-snapshot.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { Dispatcher } from '../../execution/dispatcher.ts';
import type { PlacementBoard } from '../../placement/placement-board.ts';
import type { TaskRow } from '../../tasks/task-tables.ts';
import { listOthers } from '../plan-retry-lane.ts';
import type { TaskLanes } from '../task-lanes.ts';

/** How long a graph node may block a worker's Python (protocol 11.3): the busy limit of health checks. */
const UNSEEN_GRACE_MS = 30_000;

const ENDS_EJECTION = new Set(['worker.online', 'worker.offline', 'worker.error', 'worker.removed']);

export interface LostDeps {
  fleet: Pick<WorkerRegistry, 'find'>;
  clock: Clock;
  board: PlacementBoard;
  dispatcher: Pick<Dispatcher, 'list' | 'stop'>;
  lanes: TaskLanes;
}

/**
 * Moves attempts away from lost workers, if another worker can run them; else they wait. A worker that hangs or cannot be
 * reached gets a grace period; one whose port refuses connections gets none.
 */
export class LostWorkers {
  readonly #deps: LostDeps;
  readonly #graceMs: () => number;
  readonly #awaySince = new Map<WorkerId, number>();
  /** Ejected workers get no new tasks, but they answer, so their prompts run on. */
  readonly #ejected = new Set<WorkerId>();
  /** Workers that have answered this process at least once. */
  readonly #seen = new Set<WorkerId>();
  /** Workers whose port refuses connections. */
  readonly #closed = new Set<WorkerId>();

  constructor(deps: LostDeps, graceMs: () => number) {
    this.#deps = deps;
    this.#graceMs = graceMs;
  }

  /** Records whether a worker answers, whatever its administrative state, and what changed. `worker` is null if it left the fleet. */
  record(
    workerId: WorkerId,
    worker: Pick<WorkerSnapshot, 'health' | 'isPortClosed'> | null,
    change: string | null = null,
  ): void {
    if (change === 'worker.ejected') this.#ejected.add(workerId);
    else if (change !== null && ENDS_EJECTION.has(change)) this.#ejected.delete(workerId);
    this.#recordAway(workerId, worker?.health ?? null);
    this.#recordClosed(workerId, worker?.isPortClosed ?? false);
  }

  #recordAway(workerId: WorkerId, health: WorkerSnapshot['health'] | null): void {
    if (health === 'online') this.#seen.add(workerId);
    const isThere = health === null || health === 'online' || this.#ejected.has(workerId);
    if (isThere) this.#awaySince.delete(workerId);
    else if (!this.#awaySince.has(workerId)) this.#awaySince.set(workerId, this.#deps.clock.monotonicMs());
  }

  #recordClosed(workerId: WorkerId, isClosed: boolean): void {
    if (isClosed === this.#closed.has(workerId)) return;
    if (!isClosed) {
      this.#closed.delete(workerId);
      return;
    }
    this.#closed.add(workerId);
    this.move();
  }

  /** Ends attempts whose worker left the fleet, or is lost while another worker can run them. */
  move(): void {
    const { dispatcher, fleet } = this.#deps;
    for (const { task, workerId } of dispatcher.list()) {
      if (!fleet.find(workerId)) {
        dispatcher.stop(task.id, 'worker_lost');
        continue;
      }
      if (this.#isOver(workerId) && this.#hasOther(task, workerId)) dispatcher.stop(task.id, 'worker_lost');
    }
  }

  /** The worker's process was seen to end, so its attempts move without a grace period. */
  leave(workerId: WorkerId): void {
    const { dispatcher } = this.#deps;
    for (const { task, workerId: on } of dispatcher.list())
      if (on === workerId && this.#hasOther(task, workerId)) dispatcher.stop(task.id, 'worker_died');
  }

  /** True once a worker's grace period is over. */
  #isOver(workerId: WorkerId): boolean {
    if (this.#closed.has(workerId)) return true;
    const since = this.#awaySince.get(workerId);
    if (since === undefined) return false;
    const awayMs = this.#deps.clock.monotonicMs() - since;
    // A worker that has not answered since our start may just be busy with the prompts we resumed, however long it was silent before.
    if (!this.#seen.has(workerId)) return awayMs >= UNSEEN_GRACE_MS;
    return awayMs >= this.#graceMs() || this.#isSilent(workerId);
  }

  /** It was silent beyond the busy limit, which used up its grace period. */
  #isSilent(workerId: WorkerId): boolean {
    const { fleet, clock } = this.#deps;
    const lastSeenMs = fleet.find(workerId)?.snapshot().lastSeenMs ?? null;
    return lastSeenMs !== null && clock.nowMs() - lastSeenMs >= UNSEEN_GRACE_MS;
  }

  #hasOther(task: TaskRow, workerId: WorkerId): boolean {
    const { board, lanes } = this.#deps;
    return listOthers(board, lanes.find(task.requirements).needs, [workerId, ...this.#closed]).length > 0;
  }
}
