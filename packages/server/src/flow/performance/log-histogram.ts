/**
 * How often durations occurred, in buckets that grow by 2 %: any percentile is within 1 % of the exact one, whatever the number of
 * values, and adding two histograms loses nothing (the idea of DDSketch).
 */
export interface LogHistogram {
  count: number;
  /** Sum of all values, ms. */
  sumMs: number;
  /** Number of values by bucket: bucket i has those above GROWTH^(i-1) and up to GROWTH^i ms; bucket 0 has those up to 1 ms. */
  buckets: Map<number, number>;
}

const GROWTH = 1.02;
const LOG_GROWTH = Math.log(GROWTH);
/** A hundred years. */
const MAX_BUCKET = Math.ceil(Math.log(100 * 365 * 24 * 3_600_000) / LOG_GROWTH);

export function createHistogram(): LogHistogram {
  return { count: 0, sumMs: 0, buckets: new Map() };
}

/** Adds one duration; negative ones, from clocks that were set, count as 0. */
export function addValue(histogram: LogHistogram, valueMs: number): void {
  const value = Math.max(0, valueMs);
  const bucket = value <= 1 ? 0 : Math.min(MAX_BUCKET, Math.ceil(Math.log(value) / LOG_GROWTH));
  histogram.count += 1;
  histogram.sumMs += value;
  histogram.buckets.set(bucket, (histogram.buckets.get(bucket) ?? 0) + 1);
}

/** Adds the values of `other`. */
export function mergeHistogram(histogram: LogHistogram, other: LogHistogram): void {
  histogram.count += other.count;
  histogram.sumMs += other.sumMs;
  for (const [bucket, count] of other.buckets)
    histogram.buckets.set(bucket, (histogram.buckets.get(bucket) ?? 0) + count);
}

/** The value (ms) that a share (0 … 1) of all values does not exceed, by nearest rank; null if there is none. */
export function findPercentile({ count, buckets }: LogHistogram, share: number): number | null {
  if (count === 0) return null;
  let rank = Math.max(1, Math.ceil(share * count));
  for (const [bucket, held] of [...buckets].sort(([one], [other]) => one - other)) {
    rank -= held;
    if (rank <= 0) return toValue(bucket);
  }
  return null;
}

/** The value whose relative distance from both ends of the bucket is the same. */
function toValue(bucket: number): number {
  return bucket === 0 ? 1 : (2 * GROWTH ** bucket) / (GROWTH + 1);
}

/** As it is stored: count, sum, then bucket and number in turn. */
export function writeHistogram({ count, sumMs, buckets }: LogHistogram): string {
  return JSON.stringify([count, sumMs, ...[...buckets].flat()]);
}

/** Reads what `writeHistogram` wrote. Throws SyntaxError and TypeError for anything else. */
export function readHistogram(text: string): LogHistogram {
  const stored: unknown = JSON.parse(text);
  if (!Array.isArray(stored) || !stored.every((item) => typeof item === 'number'))
    throw new TypeError('no histogram');
  const [count = 0, sumMs = 0, ...flat] = stored;
  const buckets = new Map<number, number>();
  for (let at = 0; at + 1 < flat.length; at += 2) buckets.set(flat[at] ?? 0, flat[at + 1] ?? 0);
  return { count, sumMs, buckets };
}
