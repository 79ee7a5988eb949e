import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { type DatabaseConfig, describeOnDatabases, type FreshDatabase } from '../databases.ts';

const open: FreshDatabase[] = [];

afterEach(async () => {
  for (const database of open.splice(0)) await database.drop();
});

/** Creates a table directly through the driver; rejects if it already exists. */
async function makeTable(config: DatabaseConfig): Promise<void> {
  const statement = 'create table mark (id integer)';
  if (config.driver === 'postgres') {
    const { driver: _, ...options } = config;
    const client = new pg.Client(options);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  } else if (config.driver === 'mysql') {
    const { driver: _, ...options } = config;
    const connection = await mysql.createConnection(options);
    await connection.query(statement).finally(() => connection.end());
  }
}

describeOnDatabases('a test database', ({ create }) => {
  test('is empty and not shared with the one made before', async () => {
    const first = await create();
    open.push(first);
    const second = await create();
    open.push(second);

    await makeTable(first.config);
    await makeTable(second.config);

    expect(first.config).not.toEqual(second.config);
  });
});
