/** Negative when `a` comes before `b`; 0 only for the same item. */
export type Compare<T> = (a: T, b: T) => number;

/** How many items may be taken from the front before the array is compacted. */
const COMPACT_AT = 1024;

/** A sorted list. Taking the first item and adding at either end, the usual cases, copy nothing; others move later items. */
export class OrderedList<T> {
  readonly #compare: Compare<T>;
  #items: T[] = [];
  /** Items before this index were taken. */
  #start = 0;

  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length - this.#start;
  }

  first(): T | undefined {
    return this.#items[this.#start];
  }

  /** Returns the first item that passes the test, in linear time. */
  find(test: (item: T) => boolean): T | undefined {
    for (let place = this.#start; place < this.#items.length; place += 1) {
      const item = this.#items[place];
      if (item !== undefined && test(item)) return item;
    }
    return undefined;
  }

  add(item: T): void {
    const last = this.#items.at(-1);
    if (this.size === 0 || last === undefined || this.#compare(last, item) < 0) this.#items.push(item);
    else this.#insert(this.#findPlace(item), item);
  }

  /** Removes an item; does nothing if it is not in the list. */
  remove(item: T): void {
    const place = this.#findPlace(item);
    if (this.#items[place] !== item) return;
    if (place > this.#start) {
      this.#items.splice(place, 1);
      return;
    }
    this.#start += 1;
    if (this.#start < COMPACT_AT && this.size > 0) return;
    this.#items = this.#items.slice(this.#start);
    this.#start = 0;
  }

  /** How many items come before this one, which need not be in the list. */
  countBefore(item: T, compare: Compare<T> = this.#compare): number {
    return this.#findPlace(item, compare) - this.#start;
  }

  #insert(place: number, item: T): void {
    if (place === this.#start && this.#start > 0) {
      this.#start -= 1;
      this.#items[this.#start] = item;
    } else this.#items.splice(place, 0, item);
  }

  #findPlace(item: T, compare: Compare<T> = this.#compare): number {
    let low = this.#start;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.#items[middle];
      if (at !== undefined && compare(at, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
