import type { WorkerId } from '@comfleet/contract';
import type { Clock } from '../../../platform/time/clock.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { toWorkerKind } from '../inventory/worker-kind.ts';
import { isOutlier, type Latency, type SortedLatencies, sortLatencies } from './latency.ts';
import type { WorkerCondition } from './worker-condition.ts';

/** A worker as far as it is compared with others. */
interface Peer {
  readonly id: WorkerId;
  readonly isOnline: boolean;
  readonly condition: WorkerCondition;
  /** What it can run; null if it has never reported that. */
  readonly inventory: Pick<Inventory, 'objectInfo' | 'classTypes' | 'models'> | null;
  recheckSoon(): void;
}

/** Maximum age of a comparison. */
const MAX_AGE_MS = 1_000;
const MAX_AWAY_CHECKS_PER_S = 200;

/** Compares a worker with the rest of the fleet: whether it is slow, and whether it can be spared. */
export class FleetComparison {
  readonly #clock: Clock;
  readonly #list: () => Iterable<Peer>;
  #comparison: { atMs: number; latencies: SortedLatencies; away: number } = {
    atMs: Number.NEGATIVE_INFINITY,
    latencies: [],
    away: 0,
  };

  constructor(clock: Clock, list: () => Iterable<Peer>) {
    this.#clock = clock;
    this.#list = list;
  }

  /** True when at least half of the workers of its kind are online without it. */
  canSpare(id: WorkerId): boolean {
    const all = [...this.#list()];
    const kind = findKind(all.find((worker) => worker.id === id));
    if (kind === null) return false;
    const alike = all.filter((worker) => findKind(worker) === kind);
    const others = alike.filter((worker) => worker.id !== id && worker.isOnline);
    return others.length * 2 >= alike.length;
  }

  isSlow(id: WorkerId, own: Latency): boolean {
    return isOutlier(id, own, this.#compareAll().latencies);
  }

  /** Minimum ms between two checks of an unreachable worker; grows with their number, to bound the checks per second. */
  get leastAwayMs(): number {
    return (this.#compareAll().away * 1000) / MAX_AWAY_CHECKS_PER_S;
  }

  #compareAll(): { latencies: SortedLatencies; away: number } {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#comparison.atMs >= MAX_AGE_MS) {
      const all = [...this.#list()];
      const online = all.filter((worker) => worker.isOnline);
      const latencies = online.map((worker) => ({ id: worker.id, latency: worker.condition.latency }));
      const away = all.length - online.length;
      this.#comparison = { atMs: nowMs, latencies: sortLatencies(latencies), away };
    }
    return this.#comparison;
  }

  /** A worker has fallen, so ejected ones may be needed now (A15). */
  recheckEjected(): void {
    for (const worker of this.#list()) {
      if (worker.condition.health.kind === 'ejected') worker.recheckSoon();
    }
  }
}

function findKind(worker: Peer | undefined): string | null {
  return worker?.inventory ? toWorkerKind(worker.inventory).id : null;
}
