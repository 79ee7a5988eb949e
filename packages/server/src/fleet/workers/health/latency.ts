/** A moving mean of answer times; old answers fade. */
export interface Latency {
  readonly ms: number;
  readonly samples: number;
}

/** Weight of the newest answer. */
const WEIGHT = 0.3;
const MIN_SAMPLES = 5;
const OUTLIER_FACTOR = 10;
/** Beside a single other one nobody can tell who of the two is odd: one that works beside one that has just come back idle. */
const MIN_OTHERS = 2;
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

/** The latencies of a fleet, quick ones first; looked at often, sorted seldom. */
export type SortedLatencies = readonly { readonly id: string; readonly ms: number }[];

/** Of workers that were asked often enough to say something. */
export function sortLatencies(all: readonly { id: string; latency: Latency | null }[]): SortedLatencies {
  return all
    .flatMap(({ id, latency }) =>
      latency !== null && latency.samples >= MIN_SAMPLES ? { id, ms: latency.ms } : [],
    )
    .sort((a, b) => a.ms - b.ms);
}

/** True when a worker answers more than ten times slower than the median of at least two others (A12). */
export function isOutlier(id: string, own: Latency | null, fleet: SortedLatencies): boolean {
  if (!isSuspiciouslySlow(own)) return false;
  const isAmongThem = fleet.some((one) => one.id === id);
  if (fleet.length - (isAmongThem ? 1 : 0) < MIN_OTHERS) return false;
  // A slow one stands behind the median of the others, so that taking it out does not move them.
  const median = fleet[Math.floor((fleet.length - (isAmongThem ? 1 : 0)) / 2)];
  return median !== undefined && median.id !== id && own.ms > OUTLIER_FACTOR * median.ms;
}
