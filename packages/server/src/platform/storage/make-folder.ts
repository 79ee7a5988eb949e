import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toStorageError } from './storage-error.ts';

/** Makes a folder that is to be written in, when it is not there. Throws STORAGE_FULL with the system's reason when it cannot be. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    // Asked first: on a read-only disk Node's own answer is that the folder above does not exist.
    await access(await findExisting(folder), constants.W_OK);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
  } catch (thrown) {
    throw toStorageError(thrown);
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
