import { readRegularFile } from '@comfleet/comfyui/node';
import type { ChangeWorker } from '@comfleet/contract';
import { plainText } from '@comfleet/contract/texts/catalogue';
import { UsageError } from '../exit-codes.ts';

/** Flags that say how a worker behind a proxy is reached. Secrets come from the environment, which no process list shows. */
export interface AccessFlags {
  readonly user?: string;
  readonly passwordEnv?: string;
  readonly tokenEnv?: string;
  readonly headerEnv?: readonly string[];
  readonly caFile?: string;
  /** Commander's `--no-verify`. */
  readonly verify?: boolean;
  /** Commander's `--no-auth`. */
  readonly auth?: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MAX_CA_BYTES = 200_000;

/** What the flags say, with the secrets and the certificate read here. Throws UsageError for a variable that is not set. */
export async function readAccess(
  flags: AccessFlags,
  env: Environment,
): Promise<Pick<ChangeWorker, 'auth' | 'headers' | 'tls'>> {
  const { headerEnv, caFile, verify = true } = flags;
  const auth = readAuth(flags, env);
  const hasTls = caFile !== undefined || !verify;
  return {
    ...(auth === undefined ? {} : { auth }),
    ...(headerEnv === undefined ? {} : { headers: readHeaders(headerEnv, env) }),
    ...(hasTls ? { tls: { ca: caFile === undefined ? null : await readCa(caFile), verify } } : {}),
  };
}

function readAuth(
  { user, passwordEnv, tokenEnv, auth }: AccessFlags,
  env: Environment,
): ChangeWorker['auth'] {
  if (auth === false) return null;
  if (user !== undefined && tokenEnv !== undefined) throw new UsageError(plainText('usage.user_or_token'));
  if (tokenEnv !== undefined) return { token: readVariable('--token-env', tokenEnv, env) };
  if (user === undefined && passwordEnv === undefined) return undefined;
  if (user === undefined || passwordEnv === undefined) {
    throw new UsageError(plainText('usage.login'));
  }
  return { username: user, password: readVariable('--password-env', passwordEnv, env) };
}

function readHeaders(entries: readonly string[], env: Environment): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const [, name, variable] = /^([^=]+)=(.+)$/.exec(entry) ?? [];
      if (name === undefined || variable === undefined) {
        throw new UsageError({ code: 'usage.header', params: { value: entry } });
      }
      return [name, readVariable('--header-env', variable, env)];
    }),
  );
}

function readVariable(flag: string, name: string, env: Environment): string {
  const value = env[name];
  if (value === undefined || value === '')
    throw new UsageError({ code: 'usage.variable', params: { flag, name } });
  return value;
}

async function readCa(file: string): Promise<string> {
  try {
    return (await readRegularFile(file, { maxBytes: MAX_CA_BYTES })).toString('utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError({ code: 'usage.unreadable', params: { path: file, reason } }, { cause });
  }
}
