import { readFileSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, test } from 'vitest';
import { loadMigrationStatus, migrate, printSchema, type SchemaConnection } from './migrate.ts';
import { tables } from './migrations/0001-records.ts';

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

  expect(status).toEqual({ driver: 'sqlite', current: 1, latest: 1, pending: [] });
  const rows = await connection.run('select * from comfleet_schema');
  expect(rows.map((row) => ({ ...row }))).toEqual([
    { version: 1, name: 'records', min_binary: 1, applied_at: 1767225600000 },
  ]);
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

test('a schema too new for this program is refused before anything is changed', async () => {
  const connection = openMemory();
  await migrate(connection, () => 0);
  await connection.run("insert into comfleet_schema values (7, 'later', 5, 0)");

  const details = { schema_version: 7, this_program: 1 };
  await expect(loadMigrationStatus(connection)).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW', details });
  await expect(migrate(connection, () => 0)).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW', details });
});

test.each(['sqlite', 'postgres', 'mysql'] as const)(
  'DB2 docs/reference/schema-%s.sql is what the program prints, every table in it',
  (driver) => {
    const file = new URL(`../../../../../docs/reference/schema-${driver}.sql`, import.meta.url);

    const printed = printSchema(driver);

    expect(readFileSync(file, 'utf8')).toBe(printed);
    expect(printed.match(/create table/g)).toHaveLength(tables.length + 1);
  },
);

test('no two indexes of a database share a name', () => {
  const names = [...printSchema('sqlite').matchAll(/index if not exists "(\w+)"/g)].map(([, name]) => name);

  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(15);
});
