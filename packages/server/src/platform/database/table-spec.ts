import { type ColumnDataType, type Compilable, type Expression, type Kysely, sql } from 'kysely';
import type { Driver } from './database.ts';

/**
 * Column types with the same meaning on three databases. `id`: UUID; `word`: up to 191 characters, compared byte by byte; `text`:
 * any length; `json`: JSON text behind one codec; `time`: epoch ms; `int`: up to 2^53; `bytes`: binary.
 */
export type ColumnKind = 'id' | 'word' | 'text' | 'json' | 'time' | 'int' | 'bytes';

/** `?` after a type allows null. */
export type ColumnSpec = ColumnKind | `${ColumnKind}?`;

export interface TableSpec {
  name: string;
  columns: Readonly<Record<string, ColumnSpec>>;
  primary: readonly string[];
  /** Column lists; `unique` ones refuse duplicates. */
  indexes?: readonly { columns: readonly string[]; unique?: boolean }[];
}

/** An index of an existing table; a `unique` one refuses duplicates. */
export interface IndexSpec {
  table: string;
  columns: readonly string[];
  unique?: boolean;
}

/** A column that an existing table gets; null in its rows. */
export interface ColumnAddition {
  table: string;
  column: string;
  type: `${ColumnKind}?`;
}

/** A renamed table; its rows and indexes stay. */
export interface TableRename {
  from: string;
  to: string;
}

type Builder = { readonly schema: Kysely<unknown>['schema'] };

/** CREATE TABLE and its indexes, idempotent, one DDL step each (DDL is not transactional on MySQL). */
export function createTable(k: Builder, driver: Driver, spec: TableSpec): Compilable<unknown>[] {
  let table = k.schema.createTable(spec.name).ifNotExists();
  for (const [name, column] of Object.entries(spec.columns)) {
    const optional = column.endsWith('?');
    table = table.addColumn(name, columnType(driver, toKind(column)), (c) => (optional ? c : c.notNull()));
  }
  table = table.addPrimaryKeyConstraint(`${spec.name}_pk`, spec.primary as never);
  if (driver === 'mysql')
    table = table.modifyEnd(sql`engine=InnoDB character set utf8mb4 collate utf8mb4_bin`);
  return [
    table,
    ...(spec.indexes ?? []).map((index) => createIndex(k, driver, { table: spec.name, ...index })),
  ];
}

/** Not idempotent: fails if the table has the column. */
export function addColumn(
  k: Builder,
  driver: Driver,
  { table, column, type }: ColumnAddition,
): Compilable<unknown> {
  return k.schema.alterTable(table).addColumn(column, columnType(driver, toKind(type)));
}

/** Not idempotent: fails if there is no table of the old name. */
export function renameTable(k: Builder, { from, to }: TableRename): Compilable<unknown> {
  return k.schema.alterTable(from).renameTo(to);
}

/** Safe to repeat. Only PostgreSQL has one namespace for the keys of all tables, so that an old key name would conflict. */
export function renameKeySql(driver: Driver, { from, to }: TableRename): string[] {
  return driver === 'postgres' ? [`alter index if exists "${from}_pk" rename to "${to}_pk"`] : [];
}

/** CREATE INDEX, idempotent except on MySQL. */
export function createIndex(
  k: Builder,
  driver: Driver,
  { table, columns, unique }: IndexSpec,
): Compilable<unknown> {
  const name = `${table}_${columns.join('_')}`.slice(0, 60);
  let index = k.schema
    .createIndex(name)
    .on(table)
    .columns(columns as string[] as never);
  if (unique) index = index.unique();
  // MariaDB accepts IF NOT EXISTS here, MySQL 8 does not: the migrator ignores "duplicate key name".
  return driver === 'mysql' ? index : index.ifNotExists();
}

function toKind(column: ColumnSpec): ColumnKind {
  return column.replace('?', '') as ColumnKind;
}

function columnType(driver: Driver, kind: ColumnKind): ColumnDataType | Expression<unknown> {
  switch (kind) {
    case 'id':
      return driver === 'mysql'
        ? sql`varchar(36)`
        : driver === 'postgres'
          ? sql`varchar(36) collate "C"`
          : sql`text`;
    case 'word':
      return driver === 'mysql'
        ? sql`varchar(191)`
        : driver === 'postgres'
          ? sql`text collate "C"`
          : sql`text`;
    case 'text':
    case 'json':
      return driver === 'mysql' ? sql`longtext` : sql`text`;
    case 'time':
    case 'int':
      return driver === 'sqlite' ? sql`integer` : sql`bigint`;
    case 'bytes':
      return driver === 'mysql' ? sql`longblob` : driver === 'postgres' ? sql`bytea` : sql`blob`;
    default: {
      const unknownKind: never = kind;
      return unknownKind;
    }
  }
}
