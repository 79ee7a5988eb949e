import { basename } from 'node:path';
import { AppError, toError } from '../errors/app-error.ts';
import { readCode } from './sqlite-codes.ts';

/* SQLite's primary result codes, as system codes: what a user can do about each differs. */
const NOTHING_CAN_BE_WRITTEN: Readonly<Record<number, string>> = {
  3: 'EACCES', // PERM
  8: 'EROFS', // READONLY
  10: 'EIO', // IOERR
  13: 'ENOSPC', // FULL
  14: 'EACCES', // CANTOPEN
};
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * Converts a file failure to one of our errors: STORAGE_FULL if nothing can be written, DATABASE_DAMAGED if the bytes are no
 * longer a database, else UNAVAILABLE.
 */
export function toSqliteError(thrown: unknown, file: string): AppError {
  if (thrown instanceof AppError) return thrown;
  const { message } = toError(thrown);
  // The file's path is for the log and the terminal only; API callers need not know it.
  const cause = new Error(`${file}: ${message}`, { cause: thrown });
  const code = readCode(thrown);
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB)
    return new AppError('DATABASE_DAMAGED', { file: basename(file), reason: message }, { cause });
  const reason = code === null ? undefined : NOTHING_CAN_BE_WRITTEN[code];
  if (reason) return new AppError('STORAGE_FULL', { reason, file: basename(file) }, { cause });
  return new AppError('UNAVAILABLE', null, { cause });
}
