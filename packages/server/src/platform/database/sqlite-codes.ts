/* Separate from our errors: the writer's thread needs only these, and the errors would take most of its start time. */

/** sqlite3_errstr() of the codes that a read may end with. */
const CODE_BY_TEXT = new Map([
  ['disk I/O error', 10],
  ['database disk image is malformed', 11],
  ['unable to open database file', 14],
  ['file is not a database', 26],
]);
/** Another connection holds the file's lock. */
export const SQLITE_BUSY = 5;

/** The primary result code; null if it is no SQLite failure, or one without a code. */
export function readCode(thrown: unknown): number | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  if ('errcode' in thrown) return Number(thrown.errcode) & 0xff;
  // Errors of the driver's reads have only SQLite's text.
  return thrown instanceof Error ? (CODE_BY_TEXT.get(thrown.message) ?? null) : null;
}
