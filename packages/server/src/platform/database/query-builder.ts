import {
  type DatabaseIntrospector,
  type Dialect,
  DummyDriver,
  Kysely,
  MysqlAdapter,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteQueryCompiler,
} from 'kysely';
import type { Driver } from './database.ts';

/** A Kysely that builds SQL for one database and never executes it: our drivers do. */
export function createQueryBuilder(driver: Driver): Kysely<unknown> {
  const parts = {
    sqlite: {
      createAdapter: () => new SqliteAdapter(),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    postgres: {
      createAdapter: () => new PostgresAdapter(),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    mysql: { createAdapter: () => new MysqlAdapter(), createQueryCompiler: () => new MysqlQueryCompiler() },
  }[driver];
  const dialect: Dialect = {
    ...parts,
    createDriver: () => new DummyDriver(),
    createIntrospector: (): DatabaseIntrospector => {
      throw new Error('this query builder does not introspect');
    },
  };
  return new Kysely<unknown>({ dialect });
}
