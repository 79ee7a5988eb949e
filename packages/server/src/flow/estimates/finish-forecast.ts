/** When a task will start and end, epoch ms; null where nothing was measured or nobody can run it. */
export interface Forecast {
  startMs: number | null;
  endMs: number | null;
}

export const NO_FORECAST: Forecast = { startMs: null, endMs: null };

/** The workers that serve a lane: when each will have done what it was sent, ascending, with running sums. */
export class Stations {
  readonly #freeAtMs: readonly number[];
  readonly #sums: readonly number[];

  constructor(freeAtMs: readonly number[]) {
    this.#freeAtMs = [...freeAtMs].sort((a, b) => a - b);
    let sum = 0;
    this.#sums = this.#freeAtMs.map((at) => {
      sum += at;
      return sum;
    });
  }

  /**
   * When a task starts that has `count` tasks of `meanMs` each before it: they fill up the workers from the one that is free
   * first, like water. Null without a worker. O(log workers).
   */
  startOf({ count, meanMs }: { count: number; meanMs: number }): number | null {
    const { length } = this.#freeAtMs;
    const [earliest] = this.#freeAtMs;
    if (earliest === undefined) return null;
    let low = 1;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#level(middle, count, meanMs) <= (this.#freeAtMs[middle] ?? Number.POSITIVE_INFINITY))
        high = middle;
      else low = middle + 1;
    }
    return Math.max(earliest, this.#level(low, count, meanMs));
  }

  /** When the first `workers` of them have done everything before; on average half of them are then still at their last. */
  #level(workers: number, count: number, meanMs: number): number {
    const work = meanMs * Math.max(0, count - (workers - 1) / 2);
    return ((this.#sums[workers - 1] ?? 0) + work) / workers;
  }
}
