import { readFileSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, test } from 'vitest';
import { loadMigrationStatus, migrate, printSchema, type SchemaConnection } from './migrate.ts';
import { migrations } from './migrations/index.ts';

function openMemory(): SchemaConnection {
  const db = new DatabaseSync(':memory:');
  return {
    driver: 'sqlite',
    run: async (sql, parameters = []) =>
      db.prepare(sql).all(...(parameters as never[])) as Record<string, unknown>[],
    isDuplicateIndex: () => false,
  };
}

test('migrating twice applies each step once and remembers when', async () => {
  const connection = openMemory();

  await migrate(connection, () => 1767225600000);
  const status = await migrate(connection, () => 1767225600001);

  const latest = migrations.length;
  expect(status).toEqual({ driver: 'sqlite', current: latest, latest, pending: [] });
  const rows = await connection.run('select * from comfleet_schema');
  expect(rows.map((row) => ({ ...row }))).toEqual(
    migrations.map(({ version, name, minBinary }) => ({
      version,
      name,
      min_binary: minBinary,
      applied_at: 1767225600000,
    })),
  );
});

test('migrations are numbered without a gap, in order', () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
});

test('an index that is there already is no failure on MySQL, any other error is', async () => {
  const duplicate = new Error('duplicate key name');
  const connection: SchemaConnection = {
    driver: 'mysql',
    run: async (sql) => {
      if (sql.startsWith('create index')) throw duplicate;
      if (sql.startsWith('create unique index')) throw new Error('disk full');
      return [];
    },
    isDuplicateIndex: (thrown) => thrown === duplicate,
  };

  await expect(migrate(connection, () => 0)).rejects.toThrow('disk full');
});

test('columns that were added by a run that stopped before recording it are added once', async () => {
  const connection = openMemory();
  await migrate(connection, () => 0);
  await connection.run('delete from comfleet_schema where version >= 9');

  expect((await migrate(connection, () => 0)).pending).toEqual([]);
  const columns = await connection.run(
    "select name from pragma_table_info('principal') where name = 'login'",
  );
  expect(columns).toHaveLength(1);
});

test('a database whose tasks have rows for their inputs is refused by programs that would not write them', async () => {
  const connection = openMemory();
  await migrate(connection, () => 0);

  const [newest] = await connection.run('select min_binary from comfleet_schema order by version desc');
  expect(Number(newest?.['min_binary'])).toBeGreaterThanOrEqual(4);
});

test('no migration admits older programs than the one before it', () => {
  const oldest = migrations.map(({ minBinary }) => minBinary);

  expect(oldest).toEqual(oldest.toSorted((a, b) => a - b));
  // Programs before 6 look for graphs under the table's old name.
  expect(oldest.at(-1)).toBeGreaterThanOrEqual(6);
});

test('a schema too new for this program is refused before anything is changed', async () => {
  const connection = openMemory();
  await migrate(connection, () => 0);
  await connection.run("insert into comfleet_schema values (99, 'later', 98, 0)");

  const details = { schema_version: 99, this_program: migrations.length };
  await expect(loadMigrationStatus(connection)).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW', details });
  await expect(migrate(connection, () => 0)).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW', details });
});

test.each(['sqlite', 'postgres', 'mysql'] as const)(
  'DB2 docs/reference/schema-%s.sql is what the program prints, every table in it',
  (driver) => {
    const file = new URL(`../../../../../docs/reference/schema-${driver}.sql`, import.meta.url);

    const printed = printSchema(driver);

    expect(readFileSync(file, 'utf8')).toBe(printed);
    expect(printed.match(/create table/g)).toHaveLength(
      migrations.flatMap(({ tables }) => tables).length + 1,
    );
  },
);

test('no two indexes of a database share a name', () => {
  const names = [...printSchema('sqlite').matchAll(/index if not exists "(\w+)"/g)].map(([, name]) => name);

  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(15);
});
