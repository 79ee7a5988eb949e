import { AppError } from '../errors/app-error.ts';
import type { Driver } from './database.ts';
import { type Migration, migrations } from './migrations/index.ts';
import { createQueryBuilder } from './query-builder.ts';
import {
  addColumn,
  type ColumnAddition,
  createIndex,
  createTable,
  renameKeySql,
  renameTable,
  type TableRename,
} from './table-spec.ts';

/** A plain connection used while nothing else runs: for migrations and their status. */
export interface SchemaConnection {
  readonly driver: Driver;
  run(sql: string, parameters?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** True if an error means that the index exists already (MySQL has no CREATE INDEX IF NOT EXISTS). */
  isDuplicateIndex(thrown: unknown): boolean;
}

export interface MigrationStatus {
  driver: Driver;
  /** Schema version found; 0 if empty. */
  current: number;
  latest: number;
  pending: { version: number; name: string }[];
}

const VERSION_TABLE = 'comfleet_schema';

/** Migrates an empty or older schema to the latest; safe to repeat. Throws SCHEMA_TOO_NEW if this program is too old. */
export async function migrate(connection: SchemaConnection, now: () => number): Promise<MigrationStatus> {
  await connection.run(versionTableSql(connection.driver));
  const status = await loadMigrationStatus(connection);
  for (const migration of migrations.filter((m) => m.version > status.current)) {
    for (const sql of tablesSql(migration, connection.driver)) await runStep(connection, sql);
    for (const addition of migration.columns ?? []) await runAddition(connection, addition);
    for (const sql of indexesSql(migration, connection.driver)) await runStep(connection, sql);
    for (const rename of migration.renames ?? []) await runRename(connection, rename);
    await migration.fill?.(connection);
    await connection.run(
      `insert into ${VERSION_TABLE} (version, name, min_binary, applied_at) values (${migration.version}, '${migration.name}', ${migration.minBinary}, ${now()})`,
    );
  }
  return loadMigrationStatus(connection);
}

/** Returns applied and pending migrations; changes nothing. */
export async function loadMigrationStatus(connection: SchemaConnection): Promise<MigrationStatus> {
  const latest = migrations.at(-1)?.version ?? 0;
  const rows = (await hasTable(connection, VERSION_TABLE))
    ? await connection.run(`select version, min_binary from ${VERSION_TABLE} order by version`)
    : [];
  const current = Number(rows.at(-1)?.version ?? 0);
  const minBinary = Number(rows.at(-1)?.min_binary ?? 0);
  if (minBinary > latest)
    throw new AppError('SCHEMA_TOO_NEW', { schema_version: current, this_program: latest });
  const pending = migrations
    .filter((m) => m.version > current)
    .map(({ version, name }) => ({ version, name }));
  return { driver: connection.driver, current, latest, pending };
}

/** The whole schema as SQL text for one database (DB2); needs no connection. */
export function printSchema(driver: Driver): string {
  const statements = [versionTableSql(driver), ...migrations.flatMap((m) => migrationSql(m, driver))];
  return `${statements.join(';\n\n')};\n`;
}

async function runStep(connection: SchemaConnection, sql: string): Promise<void> {
  try {
    await connection.run(sql);
  } catch (thrown) {
    if (!connection.isDuplicateIndex(thrown)) throw thrown;
  }
}

/** A column that is there already was added by a run that stopped before recording it, or by the printed SQL. */
async function runAddition(connection: SchemaConnection, addition: ColumnAddition): Promise<void> {
  if (await hasColumn(connection, addition)) return;
  await connection.run(additionSql(addition, connection.driver));
}

/**
 * A table that has its new name already was renamed by a run that stopped before recording it, or by the printed SQL. In the
 * latter case an earlier step has just created the old one again, empty.
 */
async function runRename(connection: SchemaConnection, rename: TableRename): Promise<void> {
  const { from, to } = rename;
  if (!(await hasTable(connection, to))) await connection.run(renameSql(rename, connection.driver));
  else if ((await hasTable(connection, from)) && (await isEmpty(connection, from)))
    await connection.run(`drop table ${from}`);
  for (const sql of renameKeySql(connection.driver, rename)) await connection.run(sql);
}

async function isEmpty(connection: SchemaConnection, table: string): Promise<boolean> {
  return (await connection.run(`select 1 from ${table} limit 1`)).length === 0;
}

function migrationSql(migration: Migration, driver: Driver): string[] {
  const renames = migration.renames ?? [];
  return [
    ...tablesSql(migration, driver),
    ...(migration.columns ?? []).map((addition) => additionSql(addition, driver)),
    ...indexesSql(migration, driver),
    ...renames.flatMap((rename) => [renameSql(rename, driver), ...renameKeySql(driver, rename)]),
  ];
}

function renameSql(rename: TableRename, driver: Driver): string {
  return renameTable(createQueryBuilder(driver), rename).compile().sql;
}

function tablesSql(migration: Migration, driver: Driver): string[] {
  const k = createQueryBuilder(driver);
  return migration.tables.flatMap((table) => createTable(k, driver, table)).map((step) => step.compile().sql);
}

function indexesSql(migration: Migration, driver: Driver): string[] {
  const k = createQueryBuilder(driver);
  return (migration.indexes ?? []).map((index) => createIndex(k, driver, index).compile().sql);
}

function additionSql(addition: ColumnAddition, driver: Driver): string {
  return addColumn(createQueryBuilder(driver), driver, addition).compile().sql;
}

function versionTableSql(driver: Driver): string {
  const big = driver === 'sqlite' ? 'integer' : 'bigint';
  return `create table if not exists ${VERSION_TABLE} (version ${big} not null primary key, name varchar(100) not null, min_binary ${big} not null, applied_at ${big} not null)`;
}

/** `name` is one of ours: it goes into the SQL unescaped. */
async function hasTable(connection: SchemaConnection, name: string): Promise<boolean> {
  const sql =
    connection.driver === 'sqlite'
      ? `select name from sqlite_master where type = 'table' and name = '${name}'`
      : connection.driver === 'postgres'
        ? `select table_name from information_schema.tables where table_schema = current_schema() and table_name = '${name}'`
        : `select table_name from information_schema.tables where table_schema = database() and table_name = '${name}'`;
  return (await connection.run(sql)).length > 0;
}

/** `table` and `column` are ours: they go into the SQL unescaped. */
async function hasColumn(connection: SchemaConnection, { table, column }: ColumnAddition): Promise<boolean> {
  const schema = connection.driver === 'postgres' ? 'current_schema()' : 'database()';
  const sql =
    connection.driver === 'sqlite'
      ? `select name from pragma_table_info('${table}') where name = '${column}'`
      : `select column_name from information_schema.columns where table_schema = ${schema} and table_name = '${table}' and column_name = '${column}'`;
  return (await connection.run(sql)).length > 0;
}
