import { AppError, toError } from '../errors/app-error.ts';

/** Disk full, quota exceeded, read-only, not permitted, I/O error. */
const CODES = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO']);

/** Converts a failed write to STORAGE_FULL with the system's code if nothing can be stored; returns other errors unchanged. */
export function toStorageError(thrown: unknown): Error {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : '';
  return CODES.has(code)
    ? new AppError('STORAGE_FULL', { reason: code }, { cause: thrown })
    : toError(thrown);
}
