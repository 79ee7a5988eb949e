import { plainText } from '@comfleet/contract';
import type { DefinitionText } from '@comfleet/contract/texts/definitions';
import { z } from 'zod';
import { isSampleSecret, isWeakSecret } from '../../platform/config/sample-secret.ts';
import type { Findings } from '../../platform/config/settings.ts';
import { checkOidc, compileOidc, type OidcSettings, oidcSchema } from '../oidc/settings.ts';
import type { Registration } from './clients.ts';

/** The `auth` block. */
export const authSchema = z.strictObject({
  enable_client_auth: z
    .boolean()
    .default(true)
    .describe(
      'Whether requests need a token. Can be false only on loopback; every request then acts as the local client.',
    ),
  token_expire_minutes: z
    .number()
    .positive()
    .max(5_256_000)
    .default(1440)
    .describe('Lifetime of a token, in minutes.'),
  sign_in_expire_minutes: z
    .number()
    .positive()
    .max(5_256_000)
    .default(43_200)
    .describe('How long a browser stays signed in after its last visit, in minutes.'),
  secret_key: z
    .string()
    .optional()
    .describe(
      'Key that signs links. Default: a random one, generated once and kept in data_dir/secrets.json.',
    ),
  registration: z
    .enum(['open', 'invite', 'admin'])
    .optional()
    .describe(
      'Who may register a client: anyone who reaches the server (open), anyone with an invitation (invite), or only admins (admin, the default).',
    ),
  open_registration: z
    .boolean()
    .optional()
    .describe(
      'true means registration: open, false means registration: admin; registration takes precedence.',
    ),
  oidc: oidcSchema.optional().describe('Sign-in through an OpenID Connect provider.'),
});
type RawAuth = z.infer<typeof authSchema>;

/** Part of the `limits` block. */
export const clientLimits = {
  waiting_per_client: z
    .int()
    .min(1)
    .default(20_000)
    .describe('Maximum number of waiting tasks of one client; more are refused with 429.'),
};

export interface AuthSettings {
  readonly required: boolean;
  readonly tokenLifetimeMs: number;
  readonly signInLifetimeMs: number;
  /** Null: the generated key in secrets.json is used. */
  readonly secretKey: string | null;
  readonly registration: Registration;
  /** Null: nobody signs in through a provider. */
  readonly oidc: OidcSettings | null;
}

export function checkSecretKey({ secret_key: secret }: RawAuth, isOpen: boolean, findings: Findings): void {
  if (secret === undefined || !isWeakSecret(secret)) return;
  const problem = plainText(isSampleSecret(secret) ? 'config.sample_secret' : 'config.short_secret');
  const describe = (advice: DefinitionText): DefinitionText => ({
    code: 'definition.with_advice',
    params: { problem, advice },
  });
  if (isOpen) findings.refuse('auth.secret_key', describe(plainText('config.secret_open')));
  else findings.warn('auth.secret_key', describe(plainText('config.secret_local')));
}

export function checkAuth(raw: RawAuth, isOpen: boolean, findings: Findings): void {
  checkOidc(raw.oidc, findings);
  if (!isOpen) return;
  if (!raw.enable_client_auth) {
    findings.refuse('auth.enable_client_auth', plainText('config.auth_off'));
  }
  if (toRegistration(raw) === 'open') {
    const field = raw.registration === undefined ? 'auth.open_registration' : 'auth.registration';
    findings.warn(field, plainText('config.open_registration'));
  }
}

export function compileAuth(raw: RawAuth): AuthSettings {
  const { secret_key: secret } = raw;
  return {
    required: raw.enable_client_auth,
    tokenLifetimeMs: Math.round(raw.token_expire_minutes * 60_000),
    signInLifetimeMs: Math.round(raw.sign_in_expire_minutes * 60_000),
    secretKey: secret === undefined || isWeakSecret(secret) ? null : secret,
    registration: toRegistration(raw),
    oidc: compileOidc(raw.oidc),
  };
}

function toRegistration({ registration, open_registration: isOpen }: RawAuth): Registration {
  return registration ?? (isOpen === true ? 'open' : 'admin');
}

export function compileClientLimits(raw: z.infer<z.ZodObject<typeof clientLimits>>) {
  return { waitingPerClient: raw.waiting_per_client };
}
