import type { WorkerId } from '@comfleet/contract';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { WorkerRecords } from './worker-records.ts';

export interface LastSeenDeps {
  workerId: WorkerId;
  records: Pick<WorkerRecords, 'setSeen'>;
  clock: Clock;
  logger: Logger;
}

/** How far `seen_at` in SQL may lag. */
const MAX_LAG_MS = 60_000;

/** Records when a worker last gave a good answer: in memory at once, in SQL periodically. */
export class LastSeen {
  readonly #deps: LastSeenDeps;
  #atMs: number | null;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #saving: Promise<void> | null = null;

  constructor(deps: LastSeenDeps, atMs: number | null) {
    this.#deps = deps;
    this.#atMs = atMs;
  }

  /** Wall-clock time; null when it never answered. */
  get atMs(): number | null {
    return this.#atMs;
  }

  /** Records a good answer now. */
  record(): void {
    this.#atMs = this.#deps.clock.nowMs();
    if (this.#deps.clock.monotonicMs() - this.#savedAtMs >= MAX_LAG_MS) this.save();
  }

  /** Writes to SQL, without waiting for it. */
  save(): void {
    const { clock, records, workerId, logger } = this.#deps;
    if (this.#atMs === null) return;
    this.#savedAtMs = clock.monotonicMs();
    this.#saving = records.setSeen(workerId, this.#atMs).catch((thrown: unknown) => {
      logger.warn('worker.seen_not_saved', { error: thrown });
    });
  }

  /** Resolves when the last write has ended. */
  async settle(): Promise<void> {
    await this.#saving;
  }
}
