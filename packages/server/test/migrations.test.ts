import {
  type Database,
  loadDatabaseStatus,
  migrateDatabase,
  printSchema,
  type Tables,
} from '@comfleet/server';
import { DatabaseSync } from '@photostructure/sqlite';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { describeOnDatabases } from '../../../e2e/services/databases.ts';
import { loadGraphText, writeGraph } from '../src/flow/tasks/graph-texts.ts';
import { writeNewTask } from '../src/flow/tasks/task-rows.ts';
import { migrations } from '../src/platform/database/migrations/index.ts';
import { named } from './kit/named.ts';
import { closeAll, createEmpty, openForTest, type ServerDatabaseConfig } from './kit/open-test-database.ts';
import { createTaskRow } from './kit/rows.ts';

afterEach(closeAll);

const LATEST = migrations.length;

const insertSetting = (database: Database<Tables>, name: string) => ({
  query: database.k.insertInto('setting').values({ name, value: '' }),
  rows: 1,
});

const listNames = async (database: Database<Tables>) => {
  const rows = await database.read(database.k.selectFrom('setting').select('name').orderBy('name'));
  return rows.map((row) => row.name);
};

/** Runs SQL directly through the driver, bypassing the product. */
async function runScript(config: ServerDatabaseConfig, script: string): Promise<void> {
  if (config.driver === 'sqlite') {
    const db = new DatabaseSync(config.file);
    db.exec(script);
    db.close();
  } else if (config.driver === 'postgres') {
    const { host, port, user, password, database } = config;
    const options = { host, port, database, user: user ?? '', password: password ?? '' };
    const client = new pg.Client(options);
    await client.connect();
    await client.query(script).finally(() => client.end());
  } else {
    const { host, port, user, password, database } = config;
    const options = { host, port, database, user: user ?? '', password: password ?? '' };
    const connection = await mysql.createConnection({ ...options, multipleStatements: true });
    await connection.query(script).finally(() => connection.end());
  }
}

describeOnDatabases('migrations', (kind) => {
  test('DB2 an empty database says what is pending, a migrated one that nothing is', async () => {
    const config = await createEmpty(kind);

    const before = await loadDatabaseStatus(config);
    const made = await migrateDatabase(config);

    const pending = migrations.map(({ version, name }) => ({ version, name }));
    expect(before).toEqual({ driver: config.driver, current: 0, latest: LATEST, pending });
    expect(made).toEqual({ driver: config.driver, current: LATEST, latest: LATEST, pending: [] });
    expect(await loadDatabaseStatus(config)).toEqual(made);
  });

  test('DB2 migrating again keeps the schema and its rows', async () => {
    const config = await createEmpty(kind);
    const database = await openForTest(config);
    await database.commit([insertSetting(database, 'kept')]);

    const again = await migrateDatabase(config);

    expect(again.current).toBe(LATEST);
    expect(await listNames(database)).toEqual(['kept']);
  });

  test('DB2 five migrations at once make one schema', async () => {
    const config = await createEmpty(kind);

    const results = await Promise.all([1, 2, 3, 4, 5].map(() => migrateDatabase(config)));

    expect(results.map((status) => status.current)).toEqual([LATEST, LATEST, LATEST, LATEST, LATEST]);
    const database = await openForTest(config);
    expect(await listNames(database)).toEqual([]);
  });

  test('DB2 the printed SQL makes a schema that the product works on', async () => {
    const config = await createEmpty(kind);
    const versions = migrations.map(({ version, name }) => `(${version}, '${name}', 1, 0)`).join(', ');
    const insert = `insert into comfleet_schema (version, name, min_binary, applied_at) values ${versions};`;

    await runScript(config, printSchema(config.driver) + insert);

    expect((await loadDatabaseStatus(config)).pending).toEqual([]);
    const database = await openForTest(config);
    const outcome = await database.commit([insertSetting(database, 'works')]);
    expect(outcome).toEqual({ kind: 'committed' });
  });

  test('F9 a migration that stopped half way is finished by the next', async () => {
    const config = await createEmpty(kind);
    const half = printSchema(config.driver).split(';\n\n').slice(0, 12).join(';\n');
    await runScript(config, half);

    const status = await migrateDatabase(config);

    expect(status.current).toBe(LATEST);
    const database = await openForTest(config);
    expect(await listNames(database)).toEqual([]);
  });

  test('DB2 the uploads that open tasks need are taken over from their requirements', async () => {
    const config = await createEmpty(kind);
    await migrateDatabase(config);
    const database = await openForTest(config);
    const inputs = ['a', 'b', 'a'].map((assetId) => ({ nodeId: '1', inputName: 'image', assetId }));
    const requirements = JSON.stringify({ models: [{ folder: 'loras', name: 'c' }], inputs });
    for (const state of ['queued', 'succeeded'] as const) {
      const task = createTaskRow({ id: named(state), state, requirements });
      await database.commit(writeNewTask(database.k, task, []));
    }
    await runScript(config, 'delete from comfleet_schema where version >= 4');

    await migrateDatabase(config);

    const rows = await database.read(database.k.selectFrom('task_input').selectAll().orderBy('asset_id'));
    expect(rows.map((row) => [row.task_id, row.asset_id])).toEqual([
      ['queued', 'a'],
      ['queued', 'b'],
    ]);
  });

  test('F9 texts stay when their table gets its name, also when that had stopped half way', async () => {
    const config = await createEmpty(kind);
    const database = await openForTest(config);
    await database.commit([writeGraph(database, { hash: 'g', text: '{"1":{}}', atMs: 5 })]);
    const forget = 'delete from comfleet_schema where version >= 6';

    await runScript(config, `alter table stored_text rename to graph; ${forget}`);
    const renamed = await migrateDatabase(config);
    await runScript(config, forget);
    const again = await migrateDatabase(config);

    expect([renamed.current, again.current]).toEqual([LATEST, LATEST]);
    expect(await loadGraphText(database, 'g')).toBe('{"1":{}}');
  });

  test('LB6 a strategy that was changed at run time is taken over under its key in the file', async () => {
    const config = await createEmpty(kind);
    await migrateDatabase(config);
    const row = "('placement.strategy', '\"fastest\"', '01900000-0000-7000-8000-0000000000ad', 5)";
    await runScript(
      config,
      `insert into overlay (name, value, principal_id, changed_at) values ${row}; delete from comfleet_schema where version >= 13;`,
    );
    await migrateDatabase(config);

    const database = await openForTest(config);
    expect(await database.read(database.k.selectFrom('overlay').select(['name', 'value']))).toEqual([
      { name: 'nodes.load_balancing.strategy', value: '"fastest"' },
    ]);
  });

  test('DB2 a schema made by hand from the printed SQL has no table twice', async () => {
    const config = await createEmpty(kind);
    await runScript(config, printSchema(config.driver));

    await migrateDatabase(config);

    await expect(runScript(config, 'select 1 from graph')).rejects.toThrow(/graph/);
    const database = await openForTest(config);
    expect(await database.read(database.k.selectFrom('stored_text').selectAll())).toEqual([]);
  });

  test('F9 a schema that a newer program needs is refused, one it merely made is not', async () => {
    const config = await createEmpty(kind);
    await migrateDatabase(config);
    const insert = 'insert into comfleet_schema (version, name, min_binary, applied_at) values';

    await runScript(config, `${insert} (98, 'newer', 1, 0)`);
    expect((await migrateDatabase(config)).current).toBe(98);

    await runScript(config, `${insert} (99, 'incompatible', 99, 0)`);
    const refused = { code: 'SCHEMA_TOO_NEW', details: { schema_version: 99, this_program: LATEST } };
    await expect(openForTest(config)).rejects.toMatchObject(refused);
  });
});
