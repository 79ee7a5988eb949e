import type { WorkerAuth } from '@comfleet/contract';
import { plainText } from '@comfleet/contract';
import { z } from 'zod';
import { path, secret } from '../../platform/config/fields.ts';
import { readSecret } from '../../platform/config/read-secret.ts';
import type { Findings, NamedSources } from '../../platform/config/settings.ts';
import { isCertificate, splitLogin, type WorkerAccess } from './worker-access.ts';

/** Access settings of one of `workers`, for a proxy in front of it. */
export const accessFields = {
  auth: z
    .union([
      z.strictObject({
        username: z.string().min(1).max(500).describe('User name for Basic authentication.'),
        password: secret().describe('Its password: the text, or `env: NAME`, or `file: PATH`.'),
      }),
      z.strictObject({
        token: secret().describe('Bearer token: the text, or `env: NAME`, or `file: PATH`.'),
      }),
    ])
    .optional()
    .describe('The login for its proxy; `https://user:password@host` in url means the same.'),
  headers: z
    .record(z.string(), secret())
    .prefault({})
    .describe('Headers sent with every request; a value is the text, or `env: NAME`, or `file: PATH`.'),
  tls: z
    .strictObject({
      ca_file: path(
        'PEM file of the CA, or of the certificate itself, to trust instead of the system’s CAs.',
      ).optional(),
      verify: z
        .boolean()
        .default(true)
        .describe('false accepts any certificate, even an attacker’s; prefer ca_file.'),
    })
    .prefault({})
    .describe('Which certificates are accepted.'),
};
const accessSchema = z.object(accessFields);
type RawAccess = z.infer<typeof accessSchema>;

/** A worker of the file before and after its secrets were read. */
export interface WithAccess extends WorkerAccess {
  /** Access as written in the file; null when it has none. */
  readonly written: { readonly place: string; readonly access: RawAccess } | null;
}

/** Warns about settings that are allowed but probably a mistake. */
export function checkAccess(workers: readonly (RawAccess & { url: string })[], findings: Findings): void {
  workers.forEach(({ url, auth, tls }, index) => {
    const place = `workers[${index}]`;
    const split = splitLogin(url);
    if (split.auth !== null && auth !== undefined) {
      findings.refuse(`${place}.auth`, plainText('config.two_logins'));
    }
    if (!tls.verify) {
      findings.warn(`${place}.tls.verify`, plainText('config.unverified'));
    }
    const { protocol, hostname } = new URL(url);
    const hasLogin = split.auth !== null || auth !== undefined;
    if (hasLogin && protocol === 'http:' && !isThisMachine(hostname)) {
      findings.warn(`${place}.url`, plainText('config.plain_login'));
    }
  });
}

/** Reads the secrets and certificates that the file refers to. Throws CONFIG_INVALID with the path of a missing one. */
export function readLogins<W extends WithAccess>(workers: readonly W[], named: NamedSources): Promise<W[]> {
  return Promise.all(
    workers.map(async (worker) => {
      if (worker.written === null) return worker;
      const { place, access } = worker.written;
      const auth = (await readAuth(access.auth, { place: `${place}.auth`, named })) ?? worker.auth;
      return {
        ...worker,
        auth,
        ...(await readHeaders(access, { place, named })),
        tls: await readTls(access, { place, named }),
      };
    }),
  );
}

interface Reading {
  readonly place: string;
  readonly named: NamedSources;
}

async function readAuth(auth: RawAccess['auth'], reading: Reading): Promise<WorkerAuth | null> {
  if (auth === undefined) return null;
  if ('token' in auth) return { token: await readSecret(auth.token, at(reading, 'token')) };
  const { username } = auth;
  if (username.includes(':'))
    throw reading.named.refuse(`${reading.place}.username`, plainText('value.user_name'));
  return { username, password: await readSecret(auth.password, at(reading, 'password')) };
}

async function readHeaders({ headers }: RawAccess, reading: Reading): Promise<Pick<WorkerAccess, 'headers'>> {
  const read = await Promise.all(
    Object.entries(headers).map(
      async ([name, value]) => [name, await readSecret(value, at(reading, `headers.${name}`))] as const,
    ),
  );
  return { headers: Object.fromEntries(read) };
}

async function readTls({ tls }: RawAccess, { place, named }: Reading): Promise<WorkerAccess['tls']> {
  if (tls.ca_file === undefined) return { ca: null, verify: tls.verify };
  const ca = await named.read(tls.ca_file);
  if (isCertificate(ca)) return { ca, verify: tls.verify };
  throw named.refuse(`${place}.tls.ca_file`, plainText('config.no_certificate'));
}

function at({ place, named }: Reading, key: string): Reading {
  return { place: `${place}.${key}`, named };
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
