import { DatabaseSync } from '@photostructure/sqlite';
import type { Tables } from '../../src/app/tables.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { migrate } from '../../src/platform/database/migrate.ts';
import { createQueryBuilder } from '../../src/platform/database/query-builder.ts';
import type { Clock } from '../../src/platform/time/clock.ts';

/** In-memory SQLite on this thread, with the product's database interface: for unit tests of statements. */
export async function openMemoryDatabase(clock: Clock): Promise<Database<Tables>> {
  const sqlite = new DatabaseSync(':memory:');
  sqlite.exec('pragma foreign_keys = on');
  await migrate(
    {
      driver: 'sqlite',
      run: async (sql, parameters = []) =>
        sqlite.prepare(sql).all(...(parameters as never[])) as Record<string, unknown>[],
      isDuplicateIndex: () => false,
    },
    () => clock.nowMs(),
  );
  const run = (sql: string, parameters: readonly unknown[]) =>
    sqlite.prepare(sql).run(...(parameters as never[]));
  return {
    driver: 'sqlite',
    k: createQueryBuilder('sqlite'),
    nowMs: () => clock.nowMs(),
    read: async (query) => {
      const { sql, parameters } = query.compile();
      return sqlite.prepare(sql).all(...(parameters as never[])) as never[];
    },
    commit: async (writes) => {
      sqlite.exec('begin');
      for (const [index, { query, rows }] of writes.entries()) {
        const { sql, parameters } = query.compile();
        let changes = 0;
        try {
          changes = Number(run(sql, parameters).changes);
        } catch (thrown) {
          sqlite.exec('rollback');
          if (String(thrown).includes('UNIQUE')) return { kind: 'refused', index, reason: 'duplicate' };
          throw thrown;
        }
        if (rows !== undefined && changes !== rows) {
          sqlite.exec('rollback');
          return { kind: 'refused', index, reason: 'unmatched' };
        }
      }
      sqlite.exec('commit');
      return { kind: 'committed' };
    },
    close: async () => sqlite.close(),
  };
}
