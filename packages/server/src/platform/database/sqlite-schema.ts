import { copyFile, stat } from 'node:fs/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Clock } from '../time/clock.ts';
import { loadMigrationStatus, type MigrationStatus, migrate, type SchemaConnection } from './migrate.ts';

/** Migrates a SQLite file before it is opened for work; an older schema with rows is copied beside itself first. */
export async function migrateSqlite(file: string, clock: Clock): Promise<MigrationStatus> {
  const existed = await fileExists(file);
  const db = new DatabaseSync(file);
  try {
    db.exec('pragma busy_timeout = 5000');
    db.exec('pragma journal_mode = wal');
    const connection = toSchemaConnection(db);
    const status = await loadMigrationStatus(connection);
    if (existed && status.current > 0 && status.pending.length > 0) {
      db.exec('pragma wal_checkpoint(truncate)');
      await copyFile(file, `${file}.before-${status.pending[0]?.version ?? 0}`);
    }
    return await migrate(connection, () => clock.nowMs());
  } finally {
    db.close();
  }
}

/** Reads the migration status of a SQLite file without changing it. */
export async function loadSqliteStatus(file: string): Promise<MigrationStatus> {
  const db = new DatabaseSync(file);
  try {
    return await loadMigrationStatus(toSchemaConnection(db));
  } finally {
    db.close();
  }
}

function toSchemaConnection(db: InstanceType<typeof DatabaseSync>): SchemaConnection {
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
    // No file is the ordinary first start.
    return false;
  }
}
