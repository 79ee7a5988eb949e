import { resolve } from 'node:path';

/** The arguments by which a command finds the data folder from the working directory; empty for the usual one. Pure. */
export function nameDataFolder(dataDir: string, cwd: string): string {
  const folder = resolve(cwd, dataDir);
  if (folder === resolve(cwd, '.comfleet')) return '';
  return ` --data ${/\s/.test(folder) ? `"${folder}"` : folder}`;
}
