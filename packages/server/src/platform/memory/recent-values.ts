/** Values by key, made when they are first needed; beyond `limit`, the least recently used is dropped. */
export class RecentValues<Key, Value extends object> {
  readonly #limit: number;
  /** Least recently used first. */
  readonly #values = new Map<Key, Value>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the value of this key, or makes it. */
  use(key: Key, make: () => Value): Value {
    const value = this.#values.get(key) ?? make();
    this.#values.delete(key);
    this.#values.set(key, value);
    const [oldest] = this.#values.keys();
    if (this.#values.size > this.#limit && oldest !== undefined) this.#values.delete(oldest);
    return value;
  }

  /** Returns the value of this key, if there is one; this does not count as a use. */
  peek(key: Key): Value | undefined {
    return this.#values.get(key);
  }

  clear(): void {
    this.#values.clear();
  }
}
