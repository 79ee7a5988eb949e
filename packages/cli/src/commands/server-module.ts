import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LoadedConfig } from '@comfleet/server';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';

/** The server's functions; loaded only by the commands that run or inspect one here. */
export const loadServer = () => import('@comfleet/server');

/** The configuration file: --config, COMFLEET_CONFIG, or config.yaml in the data folder; null when there is none. */
export function findConfigFile(context: CommandContext, wish: string | undefined): string | null {
  const { env, cwd } = context.terminal;
  const named = wish ?? env.COMFLEET_CONFIG;
  if (named !== undefined && named !== '') {
    const path = resolve(cwd, named);
    if (!existsSync(path)) throw new UsageError(`There is no configuration file ${path}.`);
    return path;
  }
  const own = join(context.dataDir, 'config.yaml');
  return existsSync(own) ? own : null;
}

/** Reads the configuration as the server would. Throws CONFIG_INVALID with every problem named. */
export async function loadLocalConfig(
  context: CommandContext,
  wish: string | undefined,
): Promise<LoadedConfig & { file: string | null }> {
  const server = await loadServer();
  const { env: environment, cwd } = context.terminal;
  const file = findConfigFile(context, wish);
  const loaded = await server.loadConfig({ file, environment, cwd, options: { data_dir: context.dataDir } });
  return { ...loaded, file };
}
