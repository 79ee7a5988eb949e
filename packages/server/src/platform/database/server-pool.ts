import type { Driver } from './database.ts';

/** What one statement answered. `matched` counts rows that the WHERE found, changed or not. */
export interface StatementResult {
  rows: Record<string, unknown>[];
  matched: number;
}

/** How a failure of a database server is handled; each adapter classifies by its own error codes. */
export type FailureKind =
  | 'duplicate'
  | 'missing_reference'
  /** Deadlock, serialisation failure, lock wait: the whole transaction may be tried again. */
  | 'conflict'
  /** The connection or the server is gone; a fresh connection may work. */
  | 'lost'
  /** The server answered, but not as asked: a fault of our SQL. */
  | 'fault';

/** A connection lent by the pool, to be given back once. */
export interface ServerConnection {
  run(sql: string, parameters?: readonly unknown[]): Promise<StatementResult>;
  /** Ends the transaction; rejects unless the server said that it is durable. */
  commit(): Promise<void>;
  /** A broken one is closed at once instead of being lent again. */
  release(isBroken: boolean): void;
}

/** One database server behind a pool of connections. */
export interface ServerPool {
  readonly driver: Exclude<Driver, 'sqlite'>;
  /** True when statements may be sent without waiting for the answers of earlier ones. */
  readonly pipelines: boolean;
  /** Throws AppError UNAVAILABLE within a second when no connection can be had. */
  acquire(): Promise<ServerConnection>;
  classify(thrown: unknown): FailureKind;
  /** A query whose only row has the server's clock in ms as `now_ms`. */
  readonly clockSql: string;
  close(): Promise<void>;
}

/** Longest wait for a connection. */
export const ACQUIRE_TIMEOUT_MS = 1000;
/** Longest wait for the answers of a commit or a read; a server that is stopped or cut off shows itself by it (F2). */
export const ANSWER_TIMEOUT_MS = 5000;

/** Where a database server is and who we are there. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string;
}

/** A connection of one's own outside the pool: for migrations and locks. */
export interface Session {
  run(sql: string, parameters?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Resolves with the reason when the connection has ended. */
  readonly ended: Promise<Error>;
  close(): Promise<void>;
}
