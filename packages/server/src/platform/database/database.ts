import type { Compilable, Kysely } from 'kysely';

export type Driver = 'sqlite' | 'postgres' | 'mysql';

/** A write of a commit. With `rows`, any other number of matched rows refuses the whole commit (compare-and-set). */
export interface Write {
  query: Compilable<unknown>;
  rows?: number;
}

/** A lost compare-and-set or a duplicate key is a normal outcome, not an exception. */
export type CommitOutcome =
  | { kind: 'committed' }
  | { kind: 'refused'; index: number; reason: 'unmatched' | 'duplicate' | 'missing_reference' };

/**
 * SQL as the product uses it, the same on SQLite, PostgreSQL and MySQL/MariaDB: queries built by Kysely, executed at once; and
 * commits: lists of guarded writes that become durable together or not at all. There are no interactive transactions: decide on
 * the rows read, then commit with their versions. This keeps locks short, allows group commit on SQLite and avoids deadlocks by
 * design. `Tables` names the tables that its holder reads and writes.
 */
export interface Database<Tables> {
  readonly driver: Driver;
  /** Builds queries; executes nothing itself. */
  readonly k: Kysely<Tables>;
  /** Rows of a query. Throws AppError UNAVAILABLE if the database does not respond. */
  read<Row>(query: Compilable<Row>): Promise<Row[]>;
  /** Applies all writes in one durable transaction, or none. */
  commit(writes: readonly Write[]): Promise<CommitOutcome>;
  /** The database's clock in ms, for leases and due times. */
  nowMs(): number;
  close(): Promise<void>;
}
