/** When a task will start and end, epoch ms; null without measurements or without a worker. */
export interface Forecast {
  startMs: number | null;
  endMs: number | null;
}

export const NO_FORECAST: Forecast = { startMs: null, endMs: null };

/** When each worker of a lane will have finished its prompts: ascending, with running sums. */
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
   * When a task starts that is behind `count` tasks of `meanMs` each, which fill the workers like water, from the one that is free
   * first. Null without a worker. O(log workers).
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

  /** When the first `workers` have finished all earlier tasks; on average half of them are then still in their last one. */
  #level(workers: number, count: number, meanMs: number): number {
    const work = meanMs * Math.max(0, count - (workers - 1) / 2);
    return ((this.#sums[workers - 1] ?? 0) + work) / workers;
  }
}
