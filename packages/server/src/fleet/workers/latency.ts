/** A moving mean of answer times; old answers fade. */
export interface Latency {
  readonly ms: number;
  readonly samples: number;
}

/** Weight of the newest answer. */
const WEIGHT = 0.3;
const MIN_SAMPLES = 5;
const OUTLIER_FACTOR = 10;
/** Below this nobody is slow, however fast the others are. */
const OUTLIER_FLOOR_MS = 250;

/** The mean with one answer more. */
export function nextLatency(before: Latency | null, sampleMs: number): Latency {
  if (before === null) return { ms: sampleMs, samples: 1 };
  return { ms: before.ms + WEIGHT * (sampleMs - before.ms), samples: before.samples + 1 };
}

/** True when this one alone could be slow: the others need not be looked at otherwise. */
export function isSuspiciouslySlow(own: Latency | null): own is Latency {
  return own !== null && own.samples >= MIN_SAMPLES && own.ms > OUTLIER_FLOOR_MS;
}

/** True when a worker answers more than ten times slower than the median of the others (A12). Never alone. */
export function isOutlier(own: Latency | null, others: readonly (Latency | null)[]): boolean {
  if (!isSuspiciouslySlow(own)) return false;
  const known = others.flatMap((one) => (one !== null && one.samples >= MIN_SAMPLES ? one.ms : []));
  const median = known.sort((a, b) => a - b)[Math.floor(known.length / 2)];
  return median !== undefined && own.ms > OUTLIER_FACTOR * median;
}
