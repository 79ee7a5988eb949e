/** Prepared statements by text; beyond `limit`, the least recently used is dropped. */
export class StatementCache<Prepared> {
  readonly #prepare: (sql: string) => Prepared;
  readonly #limit: number;
  readonly #bySql = new Map<string, Prepared>();

  constructor(prepare: (sql: string) => Prepared, limit: number) {
    this.#prepare = prepare;
    this.#limit = limit;
  }

  load(sql: string): Prepared {
    const known = this.#bySql.get(sql);
    if (known !== undefined) {
      this.#bySql.delete(sql);
      this.#bySql.set(sql, known);
      return known;
    }
    const prepared = this.#prepare(sql);
    this.#bySql.set(sql, prepared);
    if (this.#bySql.size > this.#limit) {
      const oldest = this.#bySql.keys().next();
      if (!oldest.done) this.#bySql.delete(oldest.value);
    }
    return prepared;
  }
}
