/** One limit that an act must fit into. */
export interface Wish {
  /** What is counted, of whom: `tasks_per_day <id>`. */
  readonly key: string;
  /** The day that is counted; empty for what is counted without one. */
  readonly period: string;
  readonly amount: number;
  readonly limit: number;
  /** Counts what is stored. */
  readonly count: () => Promise<number>;
  /** What is stored can become less by other acts, so that only a fresh count may refuse. */
  readonly shrinks: boolean;
  /** Whether a count waits for the acts under way. Not for long ones, which it adds: then it may be too high for a moment, never too low. */
  readonly drains: boolean;
  /** Only looked at: the act adds to it by wishes of its own. */
  readonly isCheck?: boolean;
}

/** An act that fits. One of the two is called, once. */
export interface Reservation {
  /** The act is stored; with `amount` instead of the reserved one. */
  keep(amount?: number): void;
  /** The act did not happen. */
  release(): void;
}

export type ReserveOutcome =
  | { readonly kind: 'reserved'; readonly reservation: Reservation }
  | { readonly kind: 'refused'; readonly wish: Wish; readonly used: number };

/** Where quotas are counted: in the memory of one process, or in a store that several share. */
export interface QuotaStore {
  /** Reserves every wish, or none. Throws if the stored state cannot be counted. */
  reserve(wishes: readonly Wish[]): Promise<ReserveOutcome>;
}

/** One counter: `used` is never less than what is stored and reserved; null before the first count of its period. */
interface Counter {
  period: string;
  used: number | null;
  /** Reserved and not settled: number of acts, and their amounts. */
  acts: number;
  underWay: number;
  /** Kept since the current count began. */
  keptSinceCount: number;
  /** How many counts have begun. */
  counts: number;
  counting: Promise<void> | null;
  onIdle: (() => void)[];
}

const MAX_COUNTERS = 20_000;

/**
 * Counters in memory, filled from SQL when first needed. However many acts arrive at once, never more than the limit pass, and
 * what fits is not refused: a counter that would refuse is counted again first, where that can help.
 */
export class QuotaCounters implements QuotaStore {
  readonly #counters = new Map<string, Counter>();

  async reserve(wishes: readonly Wish[]): Promise<ReserveOutcome> {
    const pairs = wishes.map((wish) => ({ wish, counter: this.#find(wish.key) }));
    const before = pairs.map(({ counter }) => counter.counts);
    for (;;) {
      const counting = pairs.flatMap(({ counter }) => counter.counting ?? []);
      if (counting.length > 0) {
        await Promise.all(counting);
        continue;
      }
      const place = pairs.findIndex(({ wish, counter }) => !fits(wish, counter));
      const pair = pairs[place];
      if (!pair) break;
      const { wish, counter } = pair;
      const isFresh = counter.counts > (before[place] ?? 0) || !wish.shrinks;
      if (counter.used !== null && counter.period === wish.period && isFresh)
        return { kind: 'refused', wish, used: counter.used };
      startCount(counter, wish);
    }
    return { kind: 'reserved', reservation: hold(pairs.filter(({ wish }) => wish.isCheck !== true)) };
  }

  #find(key: string): Counter {
    const known = this.#counters.get(key);
    if (known) return known;
    if (this.#counters.size >= MAX_COUNTERS) this.#forgetIdle();
    const counter: Counter = {
      ...{ period: '', used: null, acts: 0, underWay: 0, keptSinceCount: 0, counts: 0 },
      ...{ counting: null, onIdle: [] },
    };
    this.#counters.set(key, counter);
    return counter;
  }

  #forgetIdle(): void {
    for (const [key, { acts, counting }] of this.#counters)
      if (acts === 0 && counting === null) this.#counters.delete(key);
  }
}

function fits({ amount, limit, period }: Wish, { used, period: counted }: Counter): boolean {
  return used !== null && counted === period && used + amount <= limit;
}

/** Counts again, while nobody reserves. */
function startCount(counter: Counter, wish: Wish): void {
  counter.counting = count(counter, wish).finally(() => {
    counter.counting = null;
  });
}

async function count(counter: Counter, { count: countStored, drains, period }: Wish): Promise<void> {
  counter.counts += 1;
  counter.keptSinceCount = 0;
  // What is under way may be stored on either side of midnight: a new day waits for it too.
  if (drains && counter.acts > 0) await new Promise<void>((resolve) => counter.onIdle.push(resolve));
  const stored = await countStored();
  counter.used = stored + counter.underWay + (drains ? 0 : counter.keptSinceCount);
  counter.period = period;
}

function hold(pairs: readonly { wish: Wish; counter: Counter }[]): Reservation {
  for (const { wish, counter } of pairs) {
    counter.used = (counter.used ?? 0) + wish.amount;
    counter.acts += 1;
    counter.underWay += wish.amount;
  }
  let isSettled = false;
  const settle = (toKept: (wish: Wish) => number) => {
    if (isSettled) return;
    isSettled = true;
    for (const { wish, counter } of pairs) {
      const kept = toKept(wish);
      counter.used = (counter.used ?? 0) + kept - wish.amount;
      counter.underWay -= wish.amount;
      counter.keptSinceCount += kept;
      counter.acts -= 1;
      if (counter.acts === 0) for (const resolve of counter.onIdle.splice(0)) resolve();
    }
  };
  return {
    keep: (amount) => settle((wish) => amount ?? wish.amount),
    release: () => settle(() => 0),
  };
}
