/** @typedef {{ count: number, p50: number, p90: number, p99: number, max: number }} Percentiles times in ms */

/** @param {number} value @param {number} [digits] */
export function round(value, digits = 1) {
  return Number(value.toFixed(digits));
}

/** The percentile `share` of sorted values (nearest rank). @param {readonly number[]} sorted @param {number} share */
function at(sorted, share) {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** @param {readonly number[]} values @returns {Percentiles} */
export function toPercentiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((share) => round(at(sorted, share)));
  return { count: sorted.length, p50: p50 ?? 0, p90: p90 ?? 0, p99: p99 ?? 0, max: max ?? 0 };
}
