/** Negative when `a` stands before `b`; 0 only for the same item. */
export type Compare<T> = (a: T, b: T) => number;

/** After this many items were taken off the front their places are given back. */
const COMPACT_AT = 1024;

/**
 * A list kept in order. Taking the first and adding at either end cost no copying, which is nearly every use; anything else
 * moves the items behind the place.
 */
export class OrderedList<T> {
  readonly #compare: Compare<T>;
  #items: T[] = [];
  /** Items before this place were taken. */
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

  /** The first item that passes the test; looks at each before it. */
  find(test: (item: T) => boolean): T | undefined {
    return this.#items.slice(this.#start).find(test);
  }

  add(item: T): void {
    const last = this.#items.at(-1);
    if (this.size === 0 || last === undefined || this.#compare(last, item) < 0) this.#items.push(item);
    else this.#insert(this.#findPlace(item), item);
  }

  /** Removes an item that is in the list; one that is not leaves it as it is. */
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

  /** How many items stand before this one, whether it is in the list or not. */
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
