import { chmodSync, mkdirSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';

/** Makes a folder with permissions of its own, whatever the process's mask takes away; folders that were there keep theirs. */
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
