import type { RateDecision, RatePolicy } from './gcra.ts';

/**
 * Counts requests by key. Several processes may share one, so it has its own clock. What every store must do is in
 * `conformance.ts`.
 */
export interface RateLimitStore {
  /** Takes `cost` requests of a key's limit, or nothing if there are not that many: atomic per key. */
  take(key: string, policy: RatePolicy, cost: number): Promise<RateDecision>;
}
