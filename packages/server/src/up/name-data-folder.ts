import { resolve } from 'node:path';

/** What a command line needs to find the data folder from the working directory: nothing for the usual one. Pure. */
export function nameDataFolder(dataDir: string, cwd: string): string {
  const folder = resolve(cwd, dataDir);
  if (folder === resolve(cwd, '.comfleet')) return '';
  return ` --data ${/\s/.test(folder) ? `"${folder}"` : folder}`;
}
