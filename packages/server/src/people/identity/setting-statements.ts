import type { Database, Write } from '../../platform/database/database.ts';
import type { IdentityTables } from './identity-tables.ts';

export async function findSetting(db: Database<IdentityTables>, name: string): Promise<string | null> {
  const [row] = await db.read(db.k.selectFrom('setting').select('value').where('name', '=', name).limit(1));
  return row?.value ?? null;
}

export function deleteSetting(db: Database<IdentityTables>, name: string): Write {
  return { query: db.k.deleteFrom('setting').where('name', '=', name) };
}

export function insertSetting(db: Database<IdentityTables>, name: string, value: string): Write {
  return { query: db.k.insertInto('setting').values({ name, value }) };
}
