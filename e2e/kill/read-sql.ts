import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Database,
  openDatabase,
  Scope,
  silentLogger,
  systemClock,
  systemRandom,
  type Tables,
} from '@comfleet/server';
import { blake3 } from 'hash-wasm';
import type { DatabaseConfig } from '../services/databases.ts';
import type { SqlLedger, StoredResult } from './ledgers.ts';

type Opened = Database<Tables>;

/** Runs plain queries on the server's database: while the server is down, or, on a database server, at any time. */
export async function withDatabase<T>(
  config: DatabaseConfig,
  use: (database: Opened) => Promise<T>,
): Promise<T> {
  const scope = new Scope('kill rig', systemClock, silentLogger);
  try {
    const deps = { clock: systemClock, logger: silentLogger, random: systemRandom };
    return await use(await openDatabase(scope, { database: toConfig(config), durability: 'process' }, deps));
  } finally {
    await scope.close();
  }
}

function toConfig(config: DatabaseConfig): Parameters<typeof openDatabase>[1]['database'] {
  return config.driver === 'sqlite' ? config : { ...config, poolSize: 2 };
}

/** What was in flight when the server died. */
export interface InFlight {
  /** Tasks accepted but not ended. */
  tasks: number;
  /** Ids of attempts on a worker. */
  attempts: string[];
}

/**
 * What is in flight while the server is halted. Reads a copy of a SQLite file, because the server may have been halted in the
 * middle of a write.
 */
export async function readWhileHalted(config: DatabaseConfig): Promise<InFlight> {
  if (config.driver !== 'sqlite') return withDatabase(config, loadInFlight);
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-halted-'));
  try {
    const file = join(folder, 'copy.db');
    await copyFile(config.file, file);
    await copyFile(`${config.file}-wal`, `${file}-wal`);
    return await withDatabase({ driver: 'sqlite', file }, loadInFlight);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function loadInFlight(database: Opened): Promise<InFlight> {
  const attempts = await database.read(
    database.k.selectFrom('attempt').select('id').where('state', '<>', 'ended'),
  );
  const tasks = await database.read(
    database.k.selectFrom('task').select('id').where('state', 'in', ['held', 'queued', 'running']),
  );
  return { tasks: tasks.length, attempts: attempts.map(({ id }) => id) };
}

/** Errors of failed tasks; there should be none in a run where only the server dies. */
export async function loadFailures(database: Opened): Promise<string[]> {
  const rows = await database.read(
    database.k.selectFrom('task').select(['id', 'error']).where('state', 'in', ['failed', 'expired']),
  );
  return rows.map(({ id, error }) => `${id} ${error}`);
}

/** When each attempt ended, wall ms. */
export async function loadEnds(database: Opened): Promise<Map<string, number>> {
  const rows = await database.read(database.k.selectFrom('attempt').select(['id', 'ended_at']));
  return new Map(rows.flatMap(({ id, ended_at: endedAt }) => (endedAt === null ? [] : [[id, endedAt]])));
}

/** Everything the checker needs from SQL; the stored bytes are hashed again. */
export async function readSqlLedger(database: Opened, dataDir: string): Promise<SqlLedger> {
  const tasks = await database.read(database.k.selectFrom('task').select(['id', 'owner_id', 'state']));
  const attempts = await database.read(
    database.k.selectFrom('attempt').select(['id', 'task_id', 'prompt_id', 'state']),
  );
  const events = await database.read(
    database.k.selectFrom('task_event').select(['task_id', 'number', 'type', 'state']),
  );
  const keys = await database.read(
    database.k.selectFrom('idempotency').select(['owner_id', 'key', 'subject_id']),
  );
  const assets = await database.read(
    database.k.selectFrom('asset').select(['task_id', 'attempt_id', 'blob_hash']),
  );
  const results: StoredResult[] = [];
  for (const { task_id: taskId, attempt_id: attemptId, blob_hash: hash } of assets) {
    const bytesHash = await hashBlob(dataDir, hash);
    results.push({ taskId: taskId ?? '', attemptId: attemptId ?? '', hash, bytesHash });
  }
  return {
    tasks: tasks.map(({ id, owner_id: ownerId, state }) => ({ id, ownerId, state })),
    attempts: attempts.map((row) => ({
      id: row.id,
      taskId: row.task_id,
      promptId: row.prompt_id,
      state: row.state,
    })),
    events: events.map(({ task_id: taskId, ...event }) => ({ taskId, ...event })),
    results,
    keys: keys.map((row) => ({ ownerId: row.owner_id, key: row.key, taskId: row.subject_id })),
  };
}

async function hashBlob(dataDir: string, hash: string): Promise<string | null> {
  const path = join(dataDir, 'blobs', hash.slice(0, 2), hash);
  return existsSync(path) ? blake3(await readFile(path)) : null;
}
