import { constants } from 'node:fs';
import { access, chmod, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolderWithMode } from './folder-with-mode.ts';
import { toStorageError } from './storage-error.ts';

/**
 * Creates a writable folder if it does not exist: private to its user, or with `mode`. Throws STORAGE_FULL with the system's
 * reason if that fails.
 */
export async function makeFolder(folder: string, mode = 0o700): Promise<void> {
  try {
    // Checked first: on a read-only disk Node reports that the parent folder does not exist.
    await access(await findExisting(folder), constants.W_OK);
    makeFolderWithMode(folder, mode);
    await access(folder, constants.W_OK);
  } catch (thrown) {
    throw toStorageError(thrown);
  }
}

/** Removes permissions of others beyond `mode`; false if the folder is not ours to change. */
export async function closeFolder(folder: string, mode: number): Promise<boolean> {
  const now = (await stat(folder)).mode & 0o777;
  if ((now & 0o077) === (mode & 0o077)) return true;
  try {
    await chmod(folder, mode);
    return true;
  } catch {
    return false; // another user's, as a mounted volume may be
  }
}

async function findExisting(folder: string): Promise<string> {
  try {
    await stat(folder);
    return folder;
  } catch (thrown) {
    const above = dirname(folder);
    if (above === folder) throw thrown;
    return findExisting(above);
  }
}
