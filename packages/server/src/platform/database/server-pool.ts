import type { Driver } from './database.ts';

/** The result of one statement. `matched` counts rows that the WHERE found, changed or not. */
export interface StatementResult {
  rows: Record<string, unknown>[];
  matched: number;
}

/** How a failure of a database server is handled; each adapter classifies by its own error codes. */
export type FailureKind =
  | 'duplicate'
  | 'missing_reference'
  /** Deadlock, serialisation failure, lock wait: the whole transaction may be retried. */
  | 'conflict'
  /** The connection or the server is lost; a new connection may work. */
  | 'lost'
  /** The server rejected the statement: a bug in our SQL. */
  | 'fault';

/** A connection borrowed from the pool, to be released or destroyed once. */
export interface ServerConnection {
  run(sql: string, parameters?: readonly unknown[]): Promise<StatementResult>;
  /** Ends the transaction; rejects unless the server confirmed that it is durable. */
  commit(): Promise<void>;
  /** Returns it to the pool. */
  release(): void;
  /** Closes it at once, because it is broken; the pool forgets it. */
  destroy(): void;
}

/** One database server behind a pool of connections. */
export interface ServerPool {
  readonly driver: Exclude<Driver, 'sqlite'>;
  /** True if statements may be sent without waiting for the results of earlier ones. */
  readonly pipelines: boolean;
  /** Throws AppError UNAVAILABLE within a second if no connection is available. */
  acquire(): Promise<ServerConnection>;
  classify(thrown: unknown): FailureKind;
  /** A query whose only row has the server's clock in ms as `now_ms`. */
  readonly clockSql: string;
  close(): Promise<void>;
}

/** Maximum wait for a connection. */
export const ACQUIRE_TIMEOUT_MS = 1000;
/** Maximum wait for the response to a commit or a read; detects a server that is stopped or cut off (F2). */
export const RESPONSE_TIMEOUT_MS = 5000;

/** The address of a database server and our credentials. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string;
}

/** A separate connection outside the pool: for migrations and locks. */
export interface Session {
  run(sql: string, parameters?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Resolves with the reason when the connection has ended. */
  readonly ended: Promise<Error>;
  close(): Promise<void>;
}
