import { AppError } from '../errors/app-error.ts';
import type { Database, Write } from './database.ts';
import type { SettingTables } from './setting-tables.ts';

/** A value of the `setting` table; null if it was never written. */
export async function findSetting(database: Database<SettingTables>, name: string): Promise<string | null> {
  const query = database.k.selectFrom('setting').select('value').where('name', '=', name);
  const [row] = await database.read(query);
  return row?.value ?? null;
}

/** Replaces the value that was read; returns false if it has changed since. */
export async function saveSetting(
  database: Database<SettingTables>,
  setting: { name: string; value: string; seen: string | null },
): Promise<boolean> {
  const { name, value, seen } = setting;
  const write: Write =
    seen === null
      ? { query: database.k.insertInto('setting').values({ name, value }), rows: 1 }
      : {
          query: database.k
            .updateTable('setting')
            .set({ value })
            .where('name', '=', name)
            .where('value', '=', seen),
          rows: 1,
        };
  const outcome = await database.commit([write]);
  return outcome.kind === 'committed';
}

/** The number of this start, one more than the last; work of earlier processes has a lower one. */
export async function openGeneration(database: Database<SettingTables>): Promise<number> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const seen = await findSetting(database, 'generation');
    const next = Number(seen ?? 0) + 1;
    if (await saveSetting(database, { name: 'generation', value: String(next), seen })) return next;
  }
  throw new AppError('DATABASE_LOCKED', { address: await findSetting(database, 'address') });
}

/** Stores where this server listens, for a second one that finds the data locked. */
export async function announceAddress(database: Database<SettingTables>, address: string): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const seen = await findSetting(database, 'address');
    if (await saveSetting(database, { name: 'address', value: address, seen })) return;
  }
  throw new AppError('INTERNAL', { reason: 'the address could not be written' });
}
