import { type Compilable, type InsertQueryBuilder, type InsertResult, type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { statement } from './statement.ts';

type Params = Record<string, unknown>;

/** An INSERT of one row whose values are parameters. */
type BuildInsert<Tables, Table extends keyof Tables, P extends Params> = (
  k: Kysely<Tables>,
  p: P,
) => InsertQueryBuilder<Tables, Table, InsertResult>;

/** Runs in a commit without `rows`: the databases count an existing row differently. */
type Insert<Tables, P extends Params> = (
  database: Pick<Database<Tables>, 'k' | 'driver'>,
  params: P,
) => Compilable<unknown>;

/**
 * A statement that adds a row unless its key exists. MySQL's IGNORE ignores other errors too (it cuts an overlong text and
 * replaces a null), so values must be valid before.
 */
export function insertMissing<Tables, Table extends keyof Tables, P extends Params>(
  build: BuildInsert<Tables, Table, P>,
): Insert<Tables, P> {
  const onMysql = statement<Tables, P>((k, p) => build(k, p).ignore());
  const elsewhere = statement<Tables, P>((k, p) =>
    build(k, p).onConflict((conflict) => conflict.doNothing()),
  );
  return ({ k, driver }, params) => (driver === 'mysql' ? onMysql : elsewhere)(k, params);
}

/** A statement that adds a row, or updates only the column `refresh` of the row with its `key`. */
export function insertOrRefresh<Tables, Table extends keyof Tables, P extends Params>(
  { key, refresh }: { key: keyof Tables[Table] & string; refresh: keyof Tables[Table] & string },
  build: BuildInsert<Tables, Table, P>,
): Insert<Tables, P> {
  const column = sql.ref(refresh);
  const onMysql = statement<Tables, P>((k, p) =>
    build(k, p).modifyEnd(sql`on duplicate key update ${column} = values(${column})`),
  );
  const elsewhere = statement<Tables, P>((k, p) =>
    build(k, p).modifyEnd(
      sql`on conflict (${sql.ref(key)}) do update set ${column} = ${sql.ref(`excluded.${refresh}`)}`,
    ),
  );
  return ({ k, driver }, params) => (driver === 'mysql' ? onMysql : elsewhere)(k, params);
}
