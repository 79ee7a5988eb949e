/** How many requests somebody may send in a time. */
export interface RatePolicy {
  /** In the headers, and in the key of who is counted. */
  readonly name: string;
  /** From 1 to 100,000. */
  readonly limit: number;
  readonly windowMs: number;
}

/** What one request was told. */
export interface RateDecision {
  readonly isAllowed: boolean;
  /** Requests that may follow at once. */
  readonly remaining: number;
  /** Until the whole limit is there again. */
  readonly resetMs: number;
  /** Until the refused request would be allowed; 0 for an allowed one. */
  readonly retryMs: number;
}

/**
 * Decides about one request by the generic cell rate algorithm: as many as the limit at once, then one whenever its share of the
 * window has passed. `fullAtUs`: when the whole limit was to be there again, null if nothing is known. Times are whole
 * microseconds of one clock, so that nothing is lost to rounding; a refused request costs nothing.
 */
export function takeRate(
  fullAtUs: number | null,
  { limit, windowMs }: Pick<RatePolicy, 'limit' | 'windowMs'>,
  { nowUs, cost }: { nowUs: number; cost: number },
): { fullAtUs: number; decision: RateDecision } {
  const shareUs = Math.ceil((windowMs * 1000) / limit);
  const allUs = shareUs * limit;
  // After a change of the limit nobody waits longer than for all of the new one.
  const beforeUs = Math.min(Math.max(fullAtUs ?? nowUs, nowUs), nowUs + allUs);
  const afterUs = beforeUs + shareUs * Math.min(cost, limit);
  const excessUs = afterUs - nowUs - allUs;
  const isAllowed = excessUs <= 0;
  const keptUs = isAllowed ? afterUs : beforeUs;
  return {
    fullAtUs: keptUs,
    decision: {
      isAllowed,
      remaining: Math.floor((nowUs + allUs - keptUs) / shareUs),
      resetMs: (keptUs - nowUs) / 1000,
      retryMs: Math.max(0, excessUs) / 1000,
    },
  };
}
