import {
  type Database,
  openDatabase,
  Scope,
  silentLogger,
  systemClock,
  systemRandom,
  type Tables,
} from '@comfleet/server';
import type { DatabaseConfig, TestDatabase } from '../../../../e2e/services/databases.ts';

export type ServerDatabaseConfig = Parameters<typeof openDatabase>[1]['database'];

export const systemDeps = { clock: systemClock, random: systemRandom, logger: silentLogger };

const closers: (() => Promise<void>)[] = [];

/** Converts the block to the form of the product's parsed configuration. */
export function toDatabaseConfig(config: DatabaseConfig): ServerDatabaseConfig {
  return config.driver === 'sqlite' ? config : { ...config, poolSize: 8 };
}

/** An empty database for one test. */
export async function createEmpty({ create }: TestDatabase): Promise<ServerDatabaseConfig> {
  const fresh = await create();
  closers.push(() => fresh.drop());
  return toDatabaseConfig(fresh.config);
}

/** A scope that is closed after the test. */
export function openTestScope(): Scope {
  const scope = new Scope('test', systemClock, silentLogger);
  closers.push(() => scope.close());
  return scope;
}

/** Opens a database as the server does; closed after the test. */
export function openForTest(config: ServerDatabaseConfig): Promise<Database<Tables>> {
  return openDatabase(openTestScope(), { database: config, durability: 'power' }, systemDeps);
}

/** Registers a cleanup for after the test. */
export function afterTest(close: () => Promise<void>): void {
  closers.push(close);
}

/** For `afterEach`: closes in reverse order. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}
