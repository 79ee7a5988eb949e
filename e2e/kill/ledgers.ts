/*
 * The records of three independent witnesses: the clients (responses and events), SQL (what is stored), and the workers
 * (what really ran). No promise is checked against the system's own view.
 */

/** One line of a client's ledger. */
export type ClientEntry =
  | { kind: 'sent'; client: string; key: string }
  | { kind: 'accepted'; client: string; key: string; taskId: string }
  | { kind: 'cancel_acknowledged'; taskId: string }
  | { kind: 'event'; taskId: string; number: number; type: string; state: string };

export interface StoredTask {
  id: string;
  ownerId: string;
  state: string;
}

export interface StoredAttempt {
  id: string;
  taskId: string;
  promptId: string;
  state: string;
}

export interface StoredEvent {
  taskId: string;
  number: number;
  type: string;
  state: string;
}

/** A result: its record in SQL, and the hash of the bytes that are actually stored (null: no such file). */
export interface StoredResult {
  taskId: string;
  attemptId: string;
  hash: string;
  bytesHash: string | null;
}

export interface StoredKey {
  ownerId: string;
  key: string;
  taskId: string;
}

export interface SqlLedger {
  tasks: StoredTask[];
  attempts: StoredAttempt[];
  events: StoredEvent[];
  results: StoredResult[];
  keys: StoredKey[];
}

/** One line of a worker's ledger; times on the machine's monotonic clock, ns. `hash` is that of the file on its disk. */
export type WorkerEntry =
  | { kind: 'execution_start'; worker: string; promptId: string; atNs: bigint }
  | { kind: 'execution_end'; worker: string; promptId: string; atNs: bigint; status: string }
  | { kind: 'file_written'; worker: string; promptId: string; atNs: bigint; hash: string };

export interface Ledgers {
  clients: readonly ClientEntry[];
  sql: SqlLedger;
  workers: readonly WorkerEntry[];
}
