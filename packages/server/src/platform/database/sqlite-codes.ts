/* Apart from our errors, as the writer's thread needs nothing else of them: they would make up most of its start. */

/** sqlite3_errstr() of the codes that a read may end with. */
const CODE_BY_TEXT = new Map([
  ['disk I/O error', 10],
  ['database disk image is malformed', 11],
  ['unable to open database file', 14],
  ['file is not a database', 26],
]);
/** Somebody else holds the file's lock. */
export const SQLITE_BUSY = 5;

/** The primary result code; null for what is no failure of SQLite, or one that tells no code. */
export function readCode(thrown: unknown): number | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  if ('errcode' in thrown) return Number(thrown.errcode) & 0xff;
  // The driver's reads carry SQLite's own text alone.
  return thrown instanceof Error ? (CODE_BY_TEXT.get(thrown.message) ?? null) : null;
}
