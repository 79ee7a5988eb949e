import type { WorkerId } from '@comfleet/contract';

/** Restarts the process of a worker if it is ours; returns in words what it does about it, null for a stranger. */
export type Restarter = (workerId: WorkerId, reason: string) => string | null;

/** Who can restart workers: the supervisors of our own processes. */
export class RestartRequests {
  readonly #restarters = new Set<Restarter>();

  /** Returns what ends its duty. */
  register(restarter: Restarter): () => void {
    this.#restarters.add(restarter);
    return () => {
      this.#restarters.delete(restarter);
    };
  }

  /** What the one that owns the process does about it, in words; null when the process is not ours. */
  request(workerId: WorkerId, reason: string): string | null {
    for (const restart of this.#restarters) {
      const answer = restart(workerId, reason);
      if (answer !== null) return answer;
    }
    return null;
  }
}
