/** Moving average of answer times. */
export interface Latency {
  readonly ms: number;
  readonly samples: number;
}

/** Weight of the newest answer. */
const WEIGHT = 0.3;
const MIN_SAMPLES = 5;
const OUTLIER_FACTOR = 10;
/** With a single other worker it is unclear which of the two is unusual: one may be busy, the other just back and idle. */
const MIN_OTHERS = 2;
/** Below this no worker is slow, however fast the others are. */
const OUTLIER_FLOOR_MS = 250;

/** Adds one answer to the average. */
export function nextLatency(before: Latency | null, sampleMs: number): Latency {
  if (before === null) return { ms: sampleMs, samples: 1 };
  return { ms: before.ms + WEIGHT * (sampleMs - before.ms), samples: before.samples + 1 };
}

/** True when a worker could be slow by its own latency; otherwise no comparison is needed. */
export function isSuspiciouslySlow(own: Latency | null): own is Latency {
  return own !== null && own.samples >= MIN_SAMPLES && own.ms > OUTLIER_FLOOR_MS;
}

/** Latencies of a fleet, fastest first; read often, sorted rarely. */
export type SortedLatencies = readonly { readonly id: string; readonly ms: number }[];

/** Sorts the latencies of workers with enough answers. */
export function sortLatencies(all: readonly { id: string; latency: Latency | null }[]): SortedLatencies {
  return all
    .flatMap(({ id, latency }) =>
      latency !== null && latency.samples >= MIN_SAMPLES ? { id, ms: latency.ms } : [],
    )
    .sort((a, b) => a.ms - b.ms);
}

/** True when a worker is more than ten times slower than the median of at least two others (A12). */
export function isOutlier(id: string, own: Latency | null, fleet: SortedLatencies): boolean {
  if (!isSuspiciouslySlow(own)) return false;
  const isAmongThem = fleet.some((one) => one.id === id);
  if (fleet.length - (isAmongThem ? 1 : 0) < MIN_OTHERS) return false;
  // A slow worker is above the median of the others, so removing it does not move that median.
  const median = fleet[Math.floor((fleet.length - (isAmongThem ? 1 : 0)) / 2)];
  return median !== undefined && median.id !== id && own.ms > OUTLIER_FACTOR * median.ms;
}
