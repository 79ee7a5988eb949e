import { basename } from 'node:path';
import { AppError, toError } from '../errors/app-error.ts';
import { readCode } from './sqlite-codes.ts';

/* SQLite's primary result codes: what a user can do about each differs. */
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
