/** @typedef {{ next: () => number, between: (low: number, high: number) => number, index: (count: number) => number, exponential: (mean: number) => number, pick: <T>(items: readonly T[], weights?: readonly number[]) => T }} SeededRandom */

/** A pseudo-random generator (mulberry32): the same seed gives the same numbers. @param {number} seed @returns {SeededRandom} */
export function createRandom(seed) {
  let state = seed >>> 0;
  /** 0 ≤ x < 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const index = (/** @type {number} */ count) => Math.floor(next() * count);
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    index,
    exponential: (mean) => -Math.log(1 - next()) * mean,
    pick: (items, weights) => pick(items, weights, next),
  };
}

/** @template T @param {readonly T[]} items @param {readonly number[] | undefined} weights @param {() => number} next @returns {T} */
function pick(items, weights, next) {
  const weightOf = (/** @type {number} */ place) => weights?.[place] ?? 1;
  let left = next() * items.reduce((sum, _item, place) => sum + weightOf(place), 0);
  for (const [place, item] of items.entries()) {
    left -= weightOf(place);
    if (left < 0) return item;
  }
  const last = items.at(-1);
  if (last === undefined) throw new Error('there is nothing to pick from');
  return last;
}
