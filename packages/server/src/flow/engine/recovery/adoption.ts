import type { WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import { loadOpenAttempts, type OpenAttempt } from '../../execution/open-attempts.ts';
import type { TaskTables } from '../../tasks/task-tables.ts';

export interface AdoptionDeps {
  database: Database<TaskTables>;
  fleet: WorkerRegistry;
  /** Follows an open attempt on its worker. */
  adopt: (open: OpenAttempt, workerId: WorkerId) => void;
  /** Ends an open attempt whose worker is gone. */
  abandon: (open: OpenAttempt) => Promise<void>;
}

/**
 * Attempts that an earlier process left open, by worker: taken up when their worker joins, before anything new goes there
 * (P6).
 */
export class Adoption {
  readonly #deps: AdoptionDeps;
  readonly #waiting = new Map<WorkerId, OpenAttempt[]>();

  constructor(deps: AdoptionDeps) {
    this.#deps = deps;
  }

  /** Reads them; answers how many there are. */
  async load(): Promise<number> {
    const attempts = await loadOpenAttempts(this.#deps.database);
    for (const open of attempts) {
      const workerId = open.attempt.worker_id;
      this.#waiting.set(workerId, [...(this.#waiting.get(workerId) ?? []), open]);
    }
    return attempts.length;
  }

  /** True while attempts of this worker wait for it. */
  isPending(workerId: WorkerId): boolean {
    return this.#waiting.has(workerId);
  }

  /** Takes up the attempts of a worker of the fleet; one that does not answer yet is asked until it does. */
  takeUp(workerId: WorkerId): void {
    const open = this.#waiting.get(workerId);
    if (!open || !this.#deps.fleet.find(workerId)) return;
    this.#waiting.delete(workerId);
    for (const attempt of open) this.#deps.adopt(attempt, workerId);
  }

  /** Once configuration and instances are in: attempts of workers that are not part of the fleet any more are over. */
  async abandonStrangers(): Promise<void> {
    for (const [workerId, open] of [...this.#waiting]) {
      if (this.#deps.fleet.find(workerId)) continue;
      this.#waiting.delete(workerId);
      for (const attempt of open) await this.#deps.abandon(attempt);
    }
  }
}
