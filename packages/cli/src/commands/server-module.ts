import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LoadedConfig } from '@comfleet/server';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';

/** The server's functions; loaded only by the commands that run or inspect one here. */
export const loadServer = () => import('@comfleet/server');

/**
 * The configuration file: --config, COMFLEET_CONFIG, or config.yaml in the data folder, which need not be there. Throws
 * UsageError where a named one is missing.
 */
export function findConfigFile(
  context: CommandContext,
  requested: string | undefined,
): { file: string; isOptional: boolean } {
  const { env, cwd } = context.terminal;
  const named = requested ?? env.COMFLEET_CONFIG;
  if (named !== undefined && named !== '') {
    const path = resolve(cwd, named);
    if (!existsSync(path)) throw new UsageError({ code: 'usage.no_config', params: { path } });
    return { file: path, isOptional: false };
  }
  return { file: join(context.dataDir, 'config.yaml'), isOptional: true };
}

/** Reads the configuration as the server would. Throws CONFIG_INVALID with every problem named. */
export async function loadLocalConfig(
  context: CommandContext,
  wish: string | undefined,
): Promise<LoadedConfig> {
  const server = await loadServer();
  const { env: environment, cwd } = context.terminal;
  const options = { data_dir: context.dataDir };
  return await server.loadConfig({ ...findConfigFile(context, wish), environment, cwd, options });
}
