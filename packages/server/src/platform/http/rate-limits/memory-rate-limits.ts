import type { Clock } from '../../time/clock.ts';
import { type RateDecision, type RatePolicy, takeRate } from './gcra.ts';
import type { RateLimitStore } from './rate-limit-store.ts';

const MAX_KEYS = 100_000;
/** Keys looked at to make room for one. */
const MAX_LOOKED_AT = 32;

/**
 * The counts of one process, of a bounded number of keys. A key whose whole limit is there again is worth nothing and goes first,
 * oldest first. If none of the oldest is, the one goes that has used least: a used-up limit is only forgotten if as many keys
 * have used more, and that takes more requests than it saves.
 */
export class MemoryRateLimits implements RateLimitStore {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #maxKeys: number;
  /** When the whole limit is there again, µs; least recently counted or looked at first. */
  readonly #fullAtUs = new Map<string, number>();

  constructor(clock: Pick<Clock, 'monotonicMs'>, { maxKeys = MAX_KEYS }: { maxKeys?: number } = {}) {
    this.#clock = clock;
    this.#maxKeys = maxKeys;
  }

  /** Keys in memory. */
  get size(): number {
    return this.#fullAtUs.size;
  }

  async take(key: string, policy: RatePolicy, cost: number): Promise<RateDecision> {
    const nowUs = Math.floor(this.#clock.monotonicMs() * 1000);
    const known = this.#fullAtUs.get(key) ?? null;
    if (known === null && this.#fullAtUs.size >= this.#maxKeys) this.#makeRoom(nowUs);
    const { fullAtUs, decision } = takeRate(known, policy, { nowUs, cost });
    this.#fullAtUs.delete(key);
    this.#fullAtUs.set(key, fullAtUs);
    return decision;
  }

  #makeRoom(nowUs: number): void {
    let least: { key: string; fullAtUs: number } | null = null;
    for (const [key, fullAtUs] of [...this.#oldest()]) {
      if (least === null || fullAtUs < least.fullAtUs) least = { key, fullAtUs };
      if (fullAtUs <= nowUs) break;
      // The next look is at others.
      this.#fullAtUs.delete(key);
      this.#fullAtUs.set(key, fullAtUs);
    }
    if (least !== null) this.#fullAtUs.delete(least.key);
  }

  *#oldest(): Generator<[string, number]> {
    let left = MAX_LOOKED_AT;
    for (const entry of this.#fullAtUs) {
      if (left === 0) return;
      left -= 1;
      yield entry;
    }
  }
}
