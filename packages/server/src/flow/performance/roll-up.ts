import type { Database, Write } from '../../platform/database/database.ts';
import { dayOf } from '../../platform/time/calendar-day.ts';
import type { RollupTables } from './rollup-tables.ts';
import { addRow, addTask, type MeasuredTask, type TaskGroups, toRow } from './task-groups.ts';

/**
 * The writes that keep what statistics need of tasks that are removed in the same commit: a task is either still there or in a row
 * here, so it counts exactly once, also after a crash. The commit is refused if another one changed a row meanwhile.
 */
export async function writeRollUp(
  db: Database<RollupTables>,
  tasks: readonly MeasuredTask[],
  timeZone: string,
): Promise<Write[]> {
  const added: TaskGroups = new Map();
  for (const task of tasks) addTask(added, task, (atMs) => dayOf(atMs, timeZone));
  if (added.size === 0) return [];
  const { k } = db;
  const stored = await db.read(
    k
      .selectFrom('rollup')
      .selectAll()
      .where('id', 'in', [...added.keys()]),
  );
  const versions = new Map(stored.map((row) => [row.id, Number(row.version)]));
  for (const row of stored) addRow(added, row);
  return [...added.entries()].map(([id, group]) => {
    const version = versions.get(id);
    if (version === undefined) return { query: k.insertInto('rollup').values(toRow(group, 1)), rows: 1 };
    const query = k
      .updateTable('rollup')
      .set(toRow(group, version + 1))
      .where('id', '=', id)
      .where('version', '=', version);
    return { query, rows: 1 };
  });
}
