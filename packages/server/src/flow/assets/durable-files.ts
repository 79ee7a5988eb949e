import { closeSync, fsync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const fullSync = promisify(fsync);

/** How far a write is brought before it counts: not at all, the file's bytes, or its name in the folder too. */
export type SyncDepth = 'none' | 'file' | 'file_and_folder';

/** Makes a rename durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = openSync(path, 'r');
  try {
    await fullSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Does `step`, which puts something at `path`; its folder is made when it is the first there. */
export function withFolder<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (thrown) {
    if (errorCode(thrown) !== 'ENOENT') throw thrown;
    mkdirSync(dirname(path), { recursive: true });
    return step();
  }
}

/** Opens a file that must be new. */
export function openMaking(path: string): number {
  return withFolder(path, () => openSync(path, 'wx'));
}

export function renameMaking(from: string, to: string): void {
  withFolder(to, () => renameSync(from, to));
}

/** The system's code of a failure, such as ENOENT. */
export function errorCode(thrown: unknown): string | null {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : null;
}
