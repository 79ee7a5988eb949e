import { chmodSync, mkdirSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';

/** Creates a folder with its own permissions, regardless of the process's umask; existing folders keep theirs. */
export function makeFolderWithMode(folder: string, mode: number): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  let path = first;
  chmodSync(path, mode);
  for (const name of relative(first, folder).split(sep)) {
    path = resolve(path, name);
    chmodSync(path, mode);
  }
}
