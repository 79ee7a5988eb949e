import { stat } from 'node:fs/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Clock } from '../time/clock.ts';
import { loadMigrationStatus, type MigrationStatus, migrate, type SchemaConnection } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { readCode, SQLITE_BUSY } from './sqlite-codes.ts';
import { toSqliteError } from './sqlite-error.ts';

type Connection = InstanceType<typeof DatabaseSync>;

const BUSY_TIMEOUT_MS = 30_000;

/**
 * Migrates a SQLite file before it is opened for work, completely or not at all. Several processes may try at once: the write
 * lock admits one at a time. An older schema is copied to `FILE.before-N` first. Throws as `toSqliteError`.
 */
export async function migrateSqlite(file: string, clock: Clock): Promise<MigrationStatus> {
  const db = openFile(file);
  try {
    db.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
    await enterWal(db, clock);
    db.exec('begin immediate');
    const connection = toSchemaConnection(db);
    const status = await loadMigrationStatus(connection);
    const [next] = status.pending;
    if (status.current > 0 && next) await copyDatabase(file, `${file}.before-${next.version}`);
    const after = await migrate(connection, () => clock.nowMs());
    db.exec('commit');
    return after;
  } catch (thrown) {
    if (db.isTransaction) db.exec('rollback');
    throw readCode(thrown) === null ? thrown : toSqliteError(thrown, file);
  } finally {
    db.close();
  }
}

function openFile(file: string, options: { readOnly?: boolean } = {}): Connection {
  try {
    return new DatabaseSync(file, options);
  } catch (thrown) {
    throw toSqliteError(thrown, file);
  }
}

/** Reads the migration status of a SQLite file without changing or creating it. */
export async function loadSqliteStatus(file: string): Promise<MigrationStatus> {
  if (!(await fileExists(file))) {
    const pending = migrations.map(({ version, name }) => ({ version, name }));
    return { driver: 'sqlite', current: 0, latest: migrations.at(-1)?.version ?? 0, pending };
  }
  const db = openFile(file, { readOnly: true });
  try {
    return await loadMigrationStatus(toSchemaConnection(db));
  } catch (thrown) {
    throw readCode(thrown) === null ? thrown : toSqliteError(thrown, file);
  } finally {
    db.close();
  }
}

/** SQLite ignores its busy timeout for this switch if another process is switching too. */
async function enterWal(db: Connection, clock: Clock): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      db.exec('pragma journal_mode = wal');
      return;
    } catch (thrown) {
      if (readCode(thrown) !== SQLITE_BUSY || attempt === 100) throw thrown;
      await clock.sleep(50);
    }
  }
}

/** A snapshot through SQLite itself, so that it includes the WAL; an existing copy of that name is kept. */
async function copyDatabase(file: string, copy: string): Promise<void> {
  if (await fileExists(copy)) return;
  const reader = new DatabaseSync(file);
  try {
    reader.prepare('vacuum into ?').run(copy);
  } finally {
    reader.close();
  }
}

function toSchemaConnection(db: Connection): SchemaConnection {
  return {
    driver: 'sqlite',
    run: async (sql, parameters = []) =>
      db.prepare(sql).all(...(parameters as never[])) as Record<string, unknown>[],
    isDuplicateIndex: () => false,
  };
}

async function fileExists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    // A missing file is normal at the first start.
    return false;
  }
}
