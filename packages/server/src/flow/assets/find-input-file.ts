import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';

/** Finds the real path of a file below `inputDir` (null: no such folder); ignores links that lead out of it. */
export async function findInputFile(inputDir: string | null, reference: string): Promise<string | null> {
  if (inputDir === null || reference.includes('\0')) return null;
  try {
    const root = await realpath(inputDir);
    const path = await realpath(isAbsolute(reference) ? reference : join(root, reference));
    const inside = relative(root, path);
    if (inside.startsWith('..') || isAbsolute(inside)) return null;
    return (await stat(path)).isFile() ? path : null;
  } catch {
    // No such file: the caller says so.
    return null;
  }
}
