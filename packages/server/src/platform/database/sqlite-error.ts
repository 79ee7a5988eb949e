import { basename } from 'node:path';
import { AppError, toError } from '../errors/app-error.ts';

/* SQLite's primary result codes: what a user can do about each differs. */
const NOTHING_CAN_BE_WRITTEN: Readonly<Record<number, string>> = {
  3: 'EACCES', // PERM
  8: 'EROFS', // READONLY
  10: 'EIO', // IOERR
  13: 'ENOSPC', // FULL
  14: 'EACCES', // CANTOPEN
};
/** sqlite3_errstr() of the codes that a read may end with. */
const CODE_BY_TEXT = new Map([
  ['disk I/O error', 10],
  ['database disk image is malformed', 11],
  ['unable to open database file', 14],
  ['file is not a database', 26],
]);
/** Somebody else holds the file's lock. */
export const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * A failure of the file as one of ours: STORAGE_FULL when nothing can be written, DATABASE_DAMAGED when the bytes are not
 * a database any more, else UNAVAILABLE.
 */
export function toSqliteError(thrown: unknown, file: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const { message: said } = toError(thrown);
  // Where the file lies is for the log and the terminal: those who may send a request need not know.
  const cause = new Error(`${file}: ${said}`, { cause: thrown });
  const code = readCode(thrown);
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB)
    return new AppError('DATABASE_DAMAGED', { file: basename(file), reason: said }, { cause });
  const reason = code === null ? undefined : NOTHING_CAN_BE_WRITTEN[code];
  if (reason) return new AppError('STORAGE_FULL', { reason, file: basename(file) }, { cause });
  return new AppError('UNAVAILABLE', null, { cause });
}

/** The primary result code; null for what is no failure of SQLite, or one that tells no code. */
export function readCode(thrown: unknown): number | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  if ('errcode' in thrown) return Number(thrown.errcode) & 0xff;
  // The driver's reads carry SQLite's own text alone.
  return thrown instanceof Error ? (CODE_BY_TEXT.get(thrown.message) ?? null) : null;
}
