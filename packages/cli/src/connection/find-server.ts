import { join, resolve } from 'node:path';
import { readRegularFile } from '@comfleet/comfyui/node';
import { ExplainedError, UsageError } from '../exit-codes.ts';
import type { Terminal } from '../platform/terminal.ts';

export interface ServerOptions {
  readonly url?: string;
  readonly token?: string;
  readonly data?: string;
}

export interface FoundServer {
  readonly url: string;
  readonly token: string | null;
  /** The credential file, whether it was needed or not. */
  readonly credentialFile: string;
}

const DEFAULT_URL = 'http://127.0.0.1:8000';

/** The folder of the data: --data, COMFLEET_DATA, or .comfleet below the working directory. */
export function findDataDir(options: ServerOptions, terminal: Pick<Terminal, 'env' | 'cwd'>): string {
  return resolve(terminal.cwd, options.data ?? terminal.env.COMFLEET_DATA ?? '.comfleet');
}

/**
 * Which server to talk to and as whom: options, then COMFLEET_URL and COMFLEET_TOKEN, then the credential that a
 * server on this machine left in its data folder. The file's token is sent to the file's own address only.
 */
export async function findServer(
  options: ServerOptions,
  terminal: Pick<Terminal, 'env' | 'cwd'>,
): Promise<FoundServer> {
  const credentialFile = join(findDataDir(options, terminal), 'credential.json');
  const credential = await readCredential(credentialFile);
  const url = options.url ?? terminal.env.COMFLEET_URL ?? credential?.url ?? DEFAULT_URL;
  if (!/^https?:\/\/./.test(url) || !URL.canParse(url))
    throw new UsageError({ code: 'usage.server_address', params: { example: DEFAULT_URL, value: url } });
  const token = options.token ?? terminal.env.COMFLEET_TOKEN;
  if (token !== undefined) return { url, token, credentialFile };
  const isSameServer = credential !== null && toOrigin(credential.url) === toOrigin(url);
  return { url, token: isSameServer ? credential.token : null, credentialFile };
}

async function readCredential(path: string): Promise<{ url: string; token: string } | null> {
  let text: string;
  try {
    text = (await readRegularFile(path, { maxBytes: 65_536 })).toString('utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const value = JSON.parse(text) as { url?: unknown; token?: unknown } | null;
  if (typeof value?.url !== 'string' || typeof value.token !== 'string') {
    throw new ExplainedError({ code: 'usage.no_credential_file', params: { path } });
  }
  return { url: value.url, token: value.token };
}

/** Scheme, host and port, with this machine's three names taken as one. */
function toOrigin(url: string): string {
  try {
    return new URL(url).origin.replace(/\/\/(localhost|\[::1\])(?=:|$)/, '//127.0.0.1');
  } catch {
    return url; // not an address: equal only to itself; the call itself will say so
  }
}
