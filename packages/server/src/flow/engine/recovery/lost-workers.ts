import type { WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { WorkerSnapshot } from '../../../fleet/workers/worker-snapshot.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { Dispatcher } from '../../execution/dispatcher.ts';
import type { PlacementBoard } from '../../placement/placement-board.ts';
import type { TaskRow } from '../../tasks/task-tables.ts';
import { listOthers } from '../plan-retry-lane.ts';
import type { TaskLanes } from '../task-lanes.ts';

/** As long as a graph node may hold a worker's Python (protocol 11.3): the busy limit of health checks. */
const UNSEEN_GRACE_MS = 30_000;

const ENDS_EJECTION = new Set(['worker.online', 'worker.offline', 'worker.error', 'worker.removed']);

export interface LostDeps {
  fleet: WorkerRegistry;
  clock: Clock;
  board: PlacementBoard;
  dispatcher: Dispatcher;
  lanes: TaskLanes;
}

/**
 * Attempts whose worker stays away: they go to another one that can run them; without one they wait for it. A worker that hangs
 * or cannot be reached has its grace; one on whose port nobody listens has none.
 */
export class LostWorkers {
  readonly #deps: LostDeps;
  readonly #graceMs: number;
  readonly #awaySince = new Map<WorkerId, number>();
  /** Not given new tasks, but they answer: what they run goes on. */
  readonly #ejected = new Set<WorkerId>();
  /** Workers that answered this process at least once. */
  readonly #seen = new Set<WorkerId>();
  /** No process listens there. */
  readonly #closed = new Set<WorkerId>();

  constructor(deps: LostDeps, graceMs: number) {
    this.#deps = deps;
    this.#graceMs = graceMs;
  }

  /** Takes in whether a worker answers, drained or in maintenance as it may be, null when it left the fleet; and what changed. */
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

  /** Ends the attempts whose worker left the fleet, or was away too long while another one could run them. */
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

  /** Its process was seen to end: nothing of ours runs there any more, so nothing is waited for. */
  leave(workerId: WorkerId): void {
    const { dispatcher } = this.#deps;
    for (const { task, workerId: on } of dispatcher.list())
      if (on === workerId && this.#hasOther(task, workerId)) dispatcher.stop(task.id, 'worker_died');
  }

  /** Nothing of a worker is waited for any longer. */
  #isOver(workerId: WorkerId): boolean {
    if (this.#closed.has(workerId)) return true;
    const since = this.#awaySince.get(workerId);
    if (since === undefined) return false;
    // One that has not answered since our start may only be busy with the prompts we resumed.
    const graceMs = this.#seen.has(workerId) ? this.#graceMs : UNSEEN_GRACE_MS;
    return this.#deps.clock.monotonicMs() - since >= graceMs || this.#isSilent(workerId);
  }

  /** Not heard of beyond the busy limit: that was its grace. */
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
