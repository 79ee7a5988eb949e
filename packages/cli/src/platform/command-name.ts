import { delimiter, dirname, resolve } from 'node:path';

/**
 * How a user calls this program again: `comfleet` where the command that was started lies on the PATH, else `npx comfleet`, as in
 * a copy of the repository. npx puts its own folder on the PATH, of its own process only. Pure.
 */
export function findCommandName(
  program: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if (program === undefined || env.npm_command !== undefined) return 'npx comfleet';
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const isFound = folders.some((folder) => resolve(folder) === dirname(resolve(program)));
  return isFound ? 'comfleet' : 'npx comfleet';
}
