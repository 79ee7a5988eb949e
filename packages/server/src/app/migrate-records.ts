import type { MigrationStatus } from '../platform/database/migrate.ts';
import { migrateDatabase } from '../platform/database/open-database.ts';
import { openProcessLock } from '../platform/database/process-lock.ts';
import type { DatabaseConfig } from '../platform/database/settings.ts';
import { Scope } from '../platform/lifecycle/scope.ts';
import { silentLogger } from '../platform/logging/logger.ts';
import { systemClock } from '../platform/time/clock.ts';

/**
 * Migrates the schema to this program's version while no server runs on it: an older one would keep writing rows of its version.
 * Safe to repeat. Throws DATABASE_LOCKED with the server's address, SCHEMA_TOO_NEW, CONFIG_INVALID, UNAVAILABLE.
 */
export async function migrateRecords(config: DatabaseConfig): Promise<MigrationStatus> {
  const scope = new Scope('migration', systemClock, silentLogger);
  try {
    // If the lock is lost meanwhile, its new holder is a server that migrates by itself, one migrator at a time.
    await openProcessLock(scope, config, { clock: systemClock, logger: silentLogger, onLost: () => {} });
    return await migrateDatabase(config);
  } finally {
    await scope.close();
  }
}
