import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Database, Write } from '../../platform/database/database.ts';
import { insertOrRefresh } from '../../platform/database/insert-missing.ts';
import { statement } from '../../platform/database/statement.ts';
import type { StoredTextTables } from '../../platform/database/stored-text-tables.ts';
import { AppError } from '../../platform/errors/app-error.ts';

/** Content address of a graph's JSON text. */
export function hashGraph(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

type GraphColumns = { hash: string; size_bytes: number; body: Uint8Array; created_at: number };

/** Adds a graph, or refreshes the age of a known one, so that the sweep of unused graphs does not delete it. */
const insertGraph = insertOrRefresh<StoredTextTables, 'stored_text', GraphColumns>(
  { key: 'hash', refresh: 'created_at' },
  (k, p) =>
    k
      .insertInto('stored_text')
      .values({ hash: p.hash, size_bytes: p.size_bytes, body: p.body, created_at: p.created_at }),
);

/** Writes a graph's row under the hash of its content. */
export function writeGraph(
  database: Database<StoredTextTables>,
  { hash, text, atMs }: { hash: string; text: string; atMs: number },
): Write {
  // Copied, because zlib returns a view of a 16 kB buffer, which ten thousand graphs of a batch would keep alive.
  const body = new Uint8Array(deflateRawSync(text, { level: 1 }));
  return { query: insertGraph(database, { hash, size_bytes: text.length, body, created_at: atMs }) };
}

const selectGraph = statement<StoredTextTables, { hash: string }, { body: Uint8Array }>((k, p) =>
  k.selectFrom('stored_text').select('body').where('hash', '=', p.hash),
);

/** Loads a graph's JSON text, with every number as its caller wrote it. */
export async function loadGraphText(database: Database<StoredTextTables>, hash: string): Promise<string> {
  const [row] = await database.read(selectGraph(database.k, { hash }));
  if (!row) throw new AppError('INTERNAL', { reason: 'graph is missing', hash });
  return inflateRawSync(row.body).toString('utf8');
}
