import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Scope } from '../lifecycle/scope.ts';
import { type Clock, systemClock } from '../time/clock.ts';
import type { Database } from './database.ts';
import { loadMigrationStatus, type MigrationStatus, migrate, type SchemaConnection } from './migrate.ts';
import type { DriverDeps } from './server-driver.ts';
import type { Session } from './server-pool.ts';
import type { DatabaseConfig } from './settings.ts';
import { openSqlite } from './sqlite-driver.ts';
import { loadSqliteStatus, migrateSqlite } from './sqlite-schema.ts';

type ServerConfig = Exclude<DatabaseConfig, { driver: 'sqlite' }>;

/** One migrator at a time: key of PostgreSQL's advisory lock, name prefix of MySQL's. */
const MIGRATION_LOCK = 1_668_247_910;
const MIGRATION_WAIT_SECONDS = 60;
/** MySQL: the index exists already. */
const ER_DUP_KEYNAME = 1061;

/**
 * Opens the configured database after migrating it to the latest schema; the caller names its tables. Throws SCHEMA_TOO_NEW,
 * CONFIG_INVALID (access denied, no such database) or UNAVAILABLE.
 */
export async function openDatabase(
  scope: Scope,
  config: { database: DatabaseConfig; durability: 'power' | 'process' },
  deps: DriverDeps,
): Promise<Database<unknown>> {
  const { database, durability } = config;
  const status = await migrateDatabase(database, deps.clock);
  deps.logger.info('database.opened', { driver: status.driver, schemaVersion: status.current });
  switch (database.driver) {
    case 'sqlite':
      return openSqlite(scope, { file: database.file, durability, clock: deps.clock });
    case 'postgres':
      return (await loadPostgres()).openPostgres(scope, database, deps);
    case 'mysql':
      return (await loadMysql()).openMysql(scope, database, deps);
    default: {
      const unknownDriver: never = database;
      return unknownDriver;
    }
  }
}

/** Creates or migrates the schema under a lock; safe to repeat and to run from several processes at once. */
export async function migrateDatabase(
  config: DatabaseConfig,
  clock: Clock = systemClock,
): Promise<MigrationStatus> {
  if (config.driver === 'sqlite') {
    await mkdir(dirname(config.file), { recursive: true });
    return migrateSqlite(config.file, clock);
  }
  const session = await openSession(config);
  try {
    // A session's locks end with it, even if this process is killed here.
    await lockForMigration(session, config);
    return await migrate(toSchemaConnection(session, config.driver), () => clock.nowMs());
  } finally {
    await session.close();
  }
}

/** Returns applied and pending migrations; changes nothing. Throws as `openDatabase`. */
export async function loadDatabaseStatus(config: DatabaseConfig): Promise<MigrationStatus> {
  if (config.driver === 'sqlite') return loadSqliteStatus(config.file);
  const session = await openSession(config);
  try {
    return await loadMigrationStatus(toSchemaConnection(session, config.driver));
  } finally {
    await session.close();
  }
}

/** A separate connection to a database server. */
export async function openSession(config: ServerConfig): Promise<Session> {
  return config.driver === 'postgres'
    ? (await loadPostgres()).openPostgresSession(config)
    : (await loadMysql()).openMysqlSession(config);
}

/* Imported on demand: the drivers are large, and a start on another database need not wait for them. */
const loadPostgres = () => import('./postgres-driver.ts');
const loadMysql = () => import('./mysql-driver.ts');

async function lockForMigration(session: Session, { driver, database }: ServerConfig): Promise<void> {
  if (driver === 'postgres') {
    await session.run(`set lock_timeout = '${MIGRATION_WAIT_SECONDS}s'`);
    await session.run(`select pg_advisory_lock(${MIGRATION_LOCK}, 1)`);
    return;
  }
  const rows = await session.run('select get_lock(sha1(concat(?, ?)), ?) as locked', [
    'comfleet-migration-',
    database,
    MIGRATION_WAIT_SECONDS,
  ]);
  if (Number(rows[0]?.locked) !== 1) throw new Error('another migration has held the database for too long');
}

function toSchemaConnection(session: Session, driver: ServerConfig['driver']): SchemaConnection {
  return {
    driver,
    run: (sql, parameters) => session.run(sql, parameters),
    isDuplicateIndex: (thrown) =>
      typeof thrown === 'object' && thrown !== null && 'errno' in thrown && thrown.errno === ER_DUP_KEYNAME,
  };
}
