import type { WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../fleet/workers/registry.ts';
import { toError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { RunEstimates } from '../estimates/run-estimates.ts';
import type { Board } from '../placement/board.ts';
import type { Adoption } from './recovery/adoption.ts';
import type { GivenUpPrompts } from './recovery/given-up-prompts.ts';
import type { HeldTasks } from './recovery/held-tasks.ts';
import type { LostWorkers } from './recovery/lost-workers.ts';
import { toWorkerFacts } from './worker-facts.ts';

export interface FleetBoardDeps {
  fleet: WorkerRegistry;
  board: Board;
  estimates: RunEstimates;
  held: HeldTasks;
  lost: LostWorkers;
  adoption: Adoption;
  givenUp: GivenUpPrompts;
  logger: Logger;
  /** What waits may find a place now. */
  place: () => void;
}

/** Keeps the board in step with the fleet; open attempts of a worker are taken up before anything new goes there. */
export class FleetBoard {
  readonly #deps: FleetBoardDeps;

  constructor(deps: FleetBoardDeps) {
    this.#deps = deps;
  }

  /** Takes in a change of a worker, named by its event. */
  follow(workerId: WorkerId, change: string): void {
    const { board, estimates, held, logger, place } = this.#deps;
    this.update(workerId, change);
    if (change === 'worker.offline') board.forgetModels(workerId);
    if (change === 'worker.offline' || change === 'worker.removed') estimates.forgetModels(workerId);
    if (change === 'worker.inventory' || change === 'worker.online') {
      void held.review().catch((thrown: unknown) => {
        const { message, stack } = toError(thrown);
        logger.error('held.review_failed', { error: message, stack });
      });
    }
    place();
  }

  /** Takes in a worker as it is. */
  update(workerId: WorkerId, change: string | null = null): void {
    const { fleet, board, lost, adoption, givenUp } = this.#deps;
    const worker = fleet.find(workerId)?.snapshot();
    lost.note(workerId, worker?.health ?? null, change);
    givenUp.watch(workerId);
    if (!worker) {
      board.removeWorker(workerId);
      return;
    }
    board.setWorker(toWorkerFacts(worker, adoption.isPending(workerId)));
    if (!adoption.isPending(workerId)) return;
    adoption.takeUp(workerId);
    board.setWorker(toWorkerFacts(worker, false));
  }
}
