import { type Compilable, type InsertQueryBuilder, type InsertResult, type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { statement } from './statement.ts';

type Params = Record<string, unknown>;

/** An INSERT of one row whose values are parameters. */
type BuildInsert<Tables, Table extends keyof Tables, P extends Params> = (
  k: Kysely<Tables>,
  p: P,
) => InsertQueryBuilder<Tables, Table, InsertResult>;

/** Runs in a commit without `rows`: the databases count a row that was there differently. */
type Insert<Tables, P extends Params> = (
  database: Pick<Database<Tables>, 'k' | 'driver'>,
  params: P,
) => Compilable<unknown>;

/**
 * A statement that adds a row unless one with the same key is there. MySQL's IGNORE passes over other errors too (a null
 * or a text too long is cut to fit), so its values have to be right before they come here.
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

/** A statement that adds a row, or gives the row that has its `key` the new value of the column `refresh` alone. */
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
