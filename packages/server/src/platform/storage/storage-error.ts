import { AppError, toError } from '../errors/app-error.ts';

/** No room, no room for this user, read-only, not allowed, a broken disk. */
const CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO']);

/** A failed write as STORAGE_FULL with the system's code when that says that nothing can be stored; else as it came. */
export function toStorageError(thrown: unknown): Error {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : '';
  return CODES.has(code)
    ? new AppError('STORAGE_FULL', { reason: code }, { cause: thrown })
    : toError(thrown);
}
