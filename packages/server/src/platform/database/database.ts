import type { Compilable, Kysely } from 'kysely';

export type Driver = 'sqlite' | 'postgres' | 'mysql';

/** A write of a commit. With `rows`, any other number of matched rows refuses the whole commit (compare-and-set). */
export interface Write {
  query: Compilable<unknown>;
  rows?: number;
}

/** A lost compare-and-set or a key that exists is a normal outcome, not an exception. */
export type CommitOutcome =
  | { kind: 'committed' }
  | { kind: 'refused'; index: number; reason: 'unmatched' | 'duplicate' | 'missing_reference' };

/**
 * SQL as the product uses it, the same on SQLite, PostgreSQL and MySQL/MariaDB: queries built by Kysely, read at once;
 * and commits: lists of guarded writes that become durable together or not at all. There are no interactive
 * transactions: decide on what was read, then commit naming the versions seen. That keeps locks short, makes group
 * commit possible on SQLite and removes deadlocks by design. `Tables` names the tables that its holder asks and changes.
 */
export interface Database<Tables> {
  readonly driver: Driver;
  /** Builds queries; executes nothing itself. */
  readonly k: Kysely<Tables>;
  /** Rows of a query. Throws AppError UNAVAILABLE when the database does not answer. */
  read<Row>(query: Compilable<Row>): Promise<Row[]>;
  /** All writes in one durable transaction, or none. */
  commit(writes: readonly Write[]): Promise<CommitOutcome>;
  /** The database's clock in ms, for leases and due times. */
  nowMs(): number;
  close(): Promise<void>;
}
