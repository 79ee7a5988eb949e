import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { describe } from 'vitest';
import './skip-reason.ts';

/** A `database:` block of Comfleet's configuration file. */
export type DatabaseConfig =
  | { driver: 'sqlite'; file: string }
  | {
      driver: 'postgres' | 'mysql';
      host: string;
      port: number;
      user: string;
      password: string;
      database: string;
    };

/** An empty database for one test. `drop` deletes it and closes connections that are still open. */
export interface FreshDatabase {
  readonly config: DatabaseConfig;
  drop(): Promise<void>;
}

/** One kind of database. `reason` says why it is not available. */
export interface TestDatabase {
  readonly name: 'sqlite' | 'postgres' | 'mariadb';
  readonly available: boolean;
  readonly reason?: string;
  create(): Promise<FreshDatabase>;
}

async function createSqlite(): Promise<FreshDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-sqlite-'));
  const drop = () => rm(folder, { recursive: true, force: true });
  return { config: { driver: 'sqlite', file: join(folder, 'comfleet.db') }, drop };
}

function newDatabaseName(): string {
  return `comfleet_${randomBytes(6).toString('hex')}`;
}

/** The configuration of a database on the server at this URL. */
function toConfig(driver: 'postgres' | 'mysql', url: string, database: string): DatabaseConfig {
  const { hostname, port, username, password } = new URL(url);
  const user = decodeURIComponent(username);
  return {
    driver,
    host: hostname,
    port: Number(port),
    user,
    password: decodeURIComponent(password),
    database,
  };
}

async function runOnPostgres(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function createPostgres(url: string): Promise<FreshDatabase> {
  const database = newDatabaseName();
  await runOnPostgres(url, `create database ${database}`);
  const drop = () => runOnPostgres(url, `drop database if exists ${database} with (force)`);
  return { config: toConfig('postgres', url, database), drop };
}

async function runOnMariadb(url: string, statement: string): Promise<void> {
  const connection = await mysql.createConnection({ uri: url });
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}

async function createMariadb(url: string): Promise<FreshDatabase> {
  const database = newDatabaseName();
  await runOnMariadb(url, `create database ${database}`);
  const drop = () => runOnMariadb(url, `drop database if exists ${database}`);
  return { config: toConfig('mysql', url, database), drop };
}

function toTestDatabase(
  name: 'postgres' | 'mariadb',
  variable: string,
  create: (url: string) => Promise<FreshDatabase>,
): TestDatabase {
  const url = process.env[variable];
  const reason = process.env[`${variable}_MISSING`] ?? `${variable} is not set`;
  if (url) return { name, available: true, create: () => create(url) };
  return { name, available: false, reason, create: () => Promise.reject(new Error(reason)) };
}

/** The three databases that Comfleet supports; SQLite is always available, the others if this run has them. */
export function testDatabases(): readonly TestDatabase[] {
  return [
    { name: 'sqlite', available: true, create: createSqlite },
    toTestDatabase('postgres', 'COMFLEET_TEST_POSTGRES', createPostgres),
    toTestDatabase('mariadb', 'COMFLEET_TEST_MARIADB', createMariadb),
  ];
}

/** The URL of a real Redis for this run, or undefined. */
export function testRedis(): string | undefined {
  return process.env.COMFLEET_TEST_REDIS;
}

/** Declares the same suite for each database; for one that is not available the tests are skipped, with the reason. */
export function describeOnDatabases(title: string, declare: (database: TestDatabase) => void): void {
  for (const database of testDatabases()) {
    const options = database.available ? {} : { skip: true, meta: { skipReason: database.reason } };
    describe(`${title} [${database.name}]`, options, () => declare(database));
  }
}
