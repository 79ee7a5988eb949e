import type { WorkerId } from '@comfleet/contract';
import type { FleetReason } from '@comfleet/contract/texts/fleet';

/** Restarts a worker's process if it is ours. Returns a text about what it does; null if the process is not ours. */
export type Restarter = (workerId: WorkerId, reason: FleetReason) => FleetReason | null;

/** Forwards restart requests to the supervisors of our own processes. */
export class RestartRequests {
  readonly #restarters = new Set<Restarter>();

  /** Registers a supervisor. Returns a function that removes it. */
  register(restarter: Restarter): () => void {
    this.#restarters.add(restarter);
    return () => {
      this.#restarters.delete(restarter);
    };
  }

  /** Requests a restart. Returns a text about what the owner of the process does; null if the process is not ours. */
  request(workerId: WorkerId, reason: FleetReason): FleetReason | null {
    for (const restart of this.#restarters) {
      const outcome = restart(workerId, reason);
      if (outcome !== null) return outcome;
    }
    return null;
  }
}
