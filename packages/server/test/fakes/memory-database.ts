import { DatabaseSync } from '@photostructure/sqlite';
import type { Compilable } from 'kysely';
import type { CommitOutcome, Database, Write } from '../../src/platform/database/database.ts';
import { migrate } from '../../src/platform/database/migrate.ts';
import { createQueryBuilder } from '../../src/platform/database/query-builder.ts';
import type { Clock } from '../../src/platform/time/clock.ts';

/** The real schema on SQLite in memory, without the writer's thread: for tests of what stands above the database. */
export async function openMemoryDatabase(clock: Clock): Promise<Database> {
  const db = new DatabaseSync(':memory:');
  await migrate(
    {
      driver: 'sqlite',
      run: async (sql, parameters = []) =>
        db.prepare(sql).all(...(parameters as never[])) as Record<string, unknown>[],
      isDuplicateIndex: () => false,
    },
    () => clock.nowMs(),
  );
  return {
    driver: 'sqlite',
    k: createQueryBuilder('sqlite'),
    read: async <Row>(query: Compilable<Row>) => {
      const { sql, parameters } = query.compile();
      return db.prepare(sql).all(...(parameters as never[])) as Row[];
    },
    commit: async (writes: readonly Write[]) => commitAll(db, writes),
    nowMs: () => clock.nowMs(),
    close: async () => db.close(),
  };
}

function commitAll(db: InstanceType<typeof DatabaseSync>, writes: readonly Write[]): CommitOutcome {
  db.exec('begin');
  for (const [index, { query, rows }] of writes.entries()) {
    const { sql, parameters } = query.compile();
    try {
      const { changes } = db.prepare(sql).run(...(parameters as never[]));
      if (rows === undefined || Number(changes) === rows) continue;
      db.exec('rollback');
      return { kind: 'refused', index, reason: 'unmatched' };
    } catch (thrown) {
      db.exec('rollback');
      if (/UNIQUE|PRIMARY/.test(String(thrown))) return { kind: 'refused', index, reason: 'duplicate' };
      throw thrown;
    }
  }
  db.exec('commit');
  return { kind: 'committed' };
}
