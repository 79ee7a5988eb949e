import type { WorkerId } from '@comfleet/contract';
import { toWorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { WorkerRegistry } from '../../fleet/workers/registry.ts';
import type { RunEstimates } from '../estimates/run-estimates.ts';
import type { PlacementBoard } from '../placement/placement-board.ts';
import type { LaneMigration } from './lane-migration.ts';
import type { AttemptRecovery } from './recovery/attempt-recovery.ts';
import type { LatePromptRecovery } from './recovery/late-prompt-recovery.ts';
import type { LostWorkers } from './recovery/lost-workers.ts';
import type { TaskLanes } from './task-lanes.ts';
import { toWorkerFacts } from './worker-facts.ts';

export interface BoardUpdaterDeps {
  fleet: WorkerRegistry;
  board: PlacementBoard;
  estimates: RunEstimates;
  lost: LostWorkers;
  recovery: AttemptRecovery;
  latePrompts: LatePromptRecovery;
  lanes: TaskLanes;
  migration: LaneMigration;
  /** Some held tasks may be released now. */
  reviewHeld: () => void;
  /** Some waiting tasks may be placed now. */
  place: () => void;
}

/** Keeps the board in step with the fleet. A worker's open attempts are resumed before it gets new tasks. */
export class BoardUpdater {
  readonly #deps: BoardUpdaterDeps;
  /** Workers of a kind that not every lane was matched against yet. */
  readonly #unseen = new Set<WorkerId>();

  constructor(deps: BoardUpdaterDeps) {
    this.#deps = deps;
  }

  /** Applies a change of a worker, named by its event. */
  follow(workerId: WorkerId, change: string): void {
    const { board, estimates, migration, reviewHeld, place } = this.#deps;
    const isOther = this.update(workerId, change);
    if (change === 'worker.offline') board.forgetModels(workerId);
    if (change === 'worker.offline' || change === 'worker.removed') estimates.forgetModels(workerId);
    if (isOther && !migration.isBusy) reviewHeld();
    place();
  }

  /** Every lane has been matched against more kinds of workers: workers of these kinds may serve now. */
  showUnseen(): void {
    const workers = [...this.#unseen];
    this.#unseen.clear();
    for (const workerId of workers) this.#show(workerId);
    this.#deps.reviewHeld();
    this.#deps.place();
  }

  /** Applies the current state of a worker. Returns true when it can run other tasks than before. */
  update(workerId: WorkerId, change: string | null = null): boolean {
    const { fleet, lost, recovery, latePrompts } = this.#deps;
    const worker = fleet.find(workerId)?.snapshot();
    lost.record(workerId, worker ?? null, change);
    latePrompts.watch(workerId);
    this.recordKind(workerId);
    const isOther = this.#show(workerId);
    if (worker && recovery.isPending(workerId)) {
      recovery.resumeOn(workerId);
      this.#show(workerId);
    }
    return isOther;
  }

  /** Records what a worker can run: that may change the lanes of waiting tasks. */
  recordKind(workerId: WorkerId): void {
    const { fleet, lanes, migration } = this.#deps;
    const inventory = fleet.find(workerId)?.snapshot().inventory ?? null;
    if (lanes.record(workerId, inventory && toWorkerKind(inventory))) migration.start();
  }

  #show(workerId: WorkerId): boolean {
    const { fleet, board, recovery, migration } = this.#deps;
    const worker = fleet.find(workerId)?.snapshot();
    this.#unseen.delete(workerId);
    if (!worker) {
      board.removeWorker(workerId);
      return false;
    }
    const { inventory } = worker;
    const isUnseen = inventory !== null && !migration.mayServe(toWorkerKind(inventory));
    if (isUnseen) this.#unseen.add(workerId);
    const known = isUnseen ? { ...worker, inventory: null } : worker;
    return board.setWorker(toWorkerFacts(known, { isRecovering: recovery.isPending(workerId) }));
  }
}
