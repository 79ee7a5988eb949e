import { closeSync, fsync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const fullSync = promisify(fsync);

/** What is synced before a write counts: nothing, the file's bytes, or also its name in the folder. */
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

/** Runs `step`, which creates something at `path`; creates the folder if it is missing. */
export function withFolder<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (thrown) {
    if (errorCode(thrown) !== 'ENOENT') throw thrown;
    mkdirSync(dirname(path), { recursive: true });
    return step();
  }
}

/** Opens a new file; fails if it exists. */
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
