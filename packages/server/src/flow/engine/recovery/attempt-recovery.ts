import type { WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import { loadOpenAttempts, type OpenAttempt } from '../../execution/open-attempts.ts';
import type { TaskTables } from '../../tasks/task-tables.ts';

export interface AttemptRecoveryDeps {
  database: Database<TaskTables>;
  fleet: WorkerRegistry;
  /** Follows an open attempt on its worker. */
  resume: (open: OpenAttempt, workerId: WorkerId) => void;
  /** Ends an open attempt whose worker is gone. */
  failOrphaned: (open: OpenAttempt) => Promise<void>;
}

/** Attempts that an earlier process left open, by worker: resumed when their worker joins, before it gets any new task (P6). */
export class AttemptRecovery {
  readonly #deps: AttemptRecoveryDeps;
  readonly #waiting = new Map<WorkerId, OpenAttempt[]>();

  constructor(deps: AttemptRecoveryDeps) {
    this.#deps = deps;
  }

  /** Loads them and returns how many there are. */
  async load(): Promise<number> {
    const attempts = await loadOpenAttempts(this.#deps.database);
    for (const open of attempts) {
      const workerId = open.attempt.worker_id;
      this.#waiting.set(workerId, [...(this.#waiting.get(workerId) ?? []), open]);
    }
    return attempts.length;
  }

  /** True while open attempts of this worker wait for it to join. */
  isPending(workerId: WorkerId): boolean {
    return this.#waiting.has(workerId);
  }

  /** Resumes the attempts of a worker of the fleet. A worker that does not answer yet is polled until it does. */
  resumeOn(workerId: WorkerId): void {
    const open = this.#waiting.get(workerId);
    if (!open || !this.#deps.fleet.find(workerId)) return;
    this.#waiting.delete(workerId);
    for (const attempt of open) this.#deps.resume(attempt, workerId);
  }

  /** Once configuration and instances are loaded: attempts of workers that have left the fleet fail. */
  async failOrphaned(): Promise<void> {
    for (const [workerId, open] of [...this.#waiting]) {
      if (this.#deps.fleet.find(workerId)) continue;
      this.#waiting.delete(workerId);
      for (const attempt of open) await this.#deps.failOrphaned(attempt);
    }
  }
}
