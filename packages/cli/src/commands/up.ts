import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UpOptions } from '@comfleet/server';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { findConfigFile, loadServer } from './server-module.ts';

export interface ServeFlags {
  readonly host?: string;
  readonly port?: number;
  readonly worker?: readonly string[];
  readonly comfyui?: string;
  /** Arguments for that ComfyUI. */
  readonly comfyuiArg?: readonly string[];
  readonly config?: string;
}

export interface UpFlags extends ServeFlags {
  readonly simulated: number;
  /** False: the first start runs no example. */
  readonly example: boolean;
}

/** `comfleet up`: everything on this machine, with simulated workers where there is no ComfyUI; ends with Ctrl-C. */
export async function runUp(context: CommandContext, flags: UpFlags): Promise<number> {
  const simulated =
    flags.simulated > 0 ? { count: flags.simulated, module: await import('@comfleet/simulator') } : undefined;
  const installedAt = Number(context.terminal.env.COMFLEET_START_INSTALLED_AT_MS);
  return await start(context, flags, {
    ...(simulated === undefined ? {} : { simulated }),
    firstExample: flags.example,
    ...(installedAt > 0
      ? { installedAtMs: installedAt, command: 'npm start --' }
      : { command: `${context.terminal.command} up` }),
  });
}

/** `comfleet serve`: the same without anything simulated; for services. */
export async function runServe(context: CommandContext, flags: ServeFlags): Promise<number> {
  return await start(context, flags, {});
}

async function start(context: CommandContext, flags: ServeFlags, extra: Partial<UpOptions>): Promise<number> {
  const { terminal, language, dataDir } = context;
  const workers = (flags.worker ?? []).map(checkUrl);
  if (flags.comfyui !== undefined && !existsSync(resolve(terminal.cwd, flags.comfyui)))
    throw new UsageError({ code: 'usage.no_comfyui_folder', params: { folder: flags.comfyui } });
  const config = findConfigFile(context, flags.config);
  const webRoot = findWebRoot();
  const { startUp } = await loadServer();
  return await startUp({
    dataDir,
    workers,
    language,
    print: terminal.out,
    environment: terminal.env,
    signal: terminal.signal,
    ...(flags.host === undefined ? {} : { host: flags.host }),
    ...(flags.port === undefined ? {} : { port: flags.port }),
    ...(flags.comfyui === undefined ? {} : { comfyuiDir: resolve(terminal.cwd, flags.comfyui) }),
    ...(flags.comfyuiArg === undefined ? {} : { comfyuiArgs: flags.comfyuiArg }),
    ...(config.isOptional ? {} : { config: config.file }),
    ...(webRoot === null ? {} : { webRoot }),
    ...extra,
  });
}

/** An address without http:// has it added. Throws UsageError for what the server would refuse after it has started. */
function checkUrl(text: string): string {
  const address = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : null;
  // Before anything that shows the value, as the login is secret.
  if (url !== null && (url.username !== '' || url.password !== ''))
    throw new UsageError({ code: 'usage.worker_login', params: { flag: '--worker' } });
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw new UsageError({ code: 'usage.worker_address', params: { flag: '--worker', value: text } });
  return address;
}

/** The built pages of the package @comfleet/web; null when they were not built. */
function findWebRoot(): string | null {
  try {
    const root = join(dirname(fileURLToPath(import.meta.resolve('@comfleet/web/package.json'))), 'dist');
    return existsSync(root) ? root : null;
  } catch {
    return null; // not installed: the server runs without pages
  }
}
