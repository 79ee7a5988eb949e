import { plainText, ROLES, type Role } from '@comfleet/contract';
import { z } from 'zod';
import { type Secret, secret } from '../../platform/config/fields.ts';
import { readSecret } from '../../platform/config/read-secret.ts';
import { isLoopbackHost } from '../../platform/config/sample-secret.ts';
import type { Findings, NamedSources } from '../../platform/config/settings.ts';

const REFUSED = 'refused';
const roleOrRefused = z.enum([...ROLES, REFUSED]);

const ruleSchema = z.strictObject({
  claim: z
    .string()
    .min(1)
    .max(200)
    .describe(
      'Name of a claim of the ID token or of the user info; dots lead into objects: realm_access.roles. email counts only with email_verified.',
    ),
  value: z
    .union([z.string(), z.boolean(), z.number()])
    .describe('Value that the claim is, or that its list contains.'),
  role: roleOrRefused.describe('Role of users with it; refused keeps them out.'),
});

/** The `auth.oidc` block. */
export const oidcSchema = z.strictObject({
  issuer: z
    .url({ protocol: /^https?$/ })
    .describe(
      'Address of the provider, exactly as it names itself; its metadata are at /.well-known/openid-configuration below it.',
    ),
  client_id: z.string().min(1).max(500).describe('Id of Comfleet at the provider.'),
  client_secret: secret()
    .optional()
    .describe(
      'Secret of Comfleet at the provider: the text, or `env: NAME`, or `file: PATH`. Without it, Comfleet is a public client.',
    ),
  name: z
    .string()
    .min(1)
    .max(60)
    .default('OpenID')
    .describe('Name of the provider on the sign-in page: Sign in with …'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/))
    .prefault(['openid', 'profile', 'email'])
    .describe('Scopes that are requested; openid must be one.'),
  roles: z
    .array(ruleSchema)
    .max(200)
    .prefault([])
    .describe('Rules that give users their role at each sign-in; the first that matches counts.'),
  default_role: roleOrRefused
    .default(REFUSED)
    .describe('Role of users whom no rule matches; refused keeps them out.'),
  create_users: z
    .boolean()
    .default(true)
    .describe(
      'Whether the first sign-in creates a user. Otherwise an admin links users: comfleet users link.',
    ),
  timeout_seconds: z
    .number()
    .min(0.1)
    .max(60)
    .default(10)
    .describe('How long each request to the provider may take, in seconds.'),
  session_expire_minutes: z
    .number()
    .positive()
    .max(5_256_000)
    .default(1440)
    .describe(
      'How long a browser stays signed in through the provider, in minutes; visits do not extend it. Roles are read again at the next sign-in.',
    ),
});
type RawOidc = z.infer<typeof oidcSchema>;

/** A rule that gives a role (null: none) to whoever has a value in a claim. */
export interface RoleRule {
  readonly claim: string;
  readonly value: string | boolean | number;
  readonly role: Role | null;
}

/** Sign-in through an OpenID provider. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Null for a public client. */
  readonly clientSecret: string | null;
  /** As written in the file, to be read by `readOidcSecret`. */
  readonly writtenSecret: Secret | null;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly roles: readonly RoleRule[];
  /** Null: users whom no rule matches are refused. */
  readonly defaultRole: Role | null;
  readonly unknownUsers: 'create' | 'refuse';
  readonly timeoutMs: number;
  readonly sessionLifetimeMs: number;
}

export function checkOidc(raw: RawOidc | undefined, findings: Findings): void {
  if (raw === undefined) return;
  const { protocol, hostname, username, password, search, hash } = new URL(raw.issuer);
  if (protocol !== 'https:' && !isLoopbackHost(hostname))
    findings.refuse('auth.oidc.issuer', plainText('config.oidc_https'));
  if (username + password + search + hash !== '')
    findings.refuse('auth.oidc.issuer', plainText('config.oidc_issuer'));
  if (!raw.scopes.includes('openid')) findings.refuse('auth.oidc.scopes', plainText('config.oidc_scope'));
  const { default_role: role } = raw;
  if (role === REFUSED && raw.roles.every((rule) => rule.role === REFUSED))
    findings.warn('auth.oidc.roles', plainText('config.oidc_nobody'));
  if (role === 'admin' || role === 'operator')
    findings.warn('auth.oidc.default_role', { code: 'config.oidc_everybody', params: { role } });
}

export function compileOidc(raw: RawOidc | undefined): OidcSettings | null {
  if (raw === undefined) return null;
  return {
    issuer: raw.issuer,
    clientId: raw.client_id,
    clientSecret: null,
    writtenSecret: raw.client_secret ?? null,
    name: raw.name,
    scopes: raw.scopes,
    roles: raw.roles.map((rule) => ({ ...rule, role: toRole(rule.role) })),
    defaultRole: toRole(raw.default_role),
    unknownUsers: raw.create_users ? 'create' : 'refuse',
    timeoutMs: Math.round(raw.timeout_seconds * 1000),
    sessionLifetimeMs: Math.round(raw.session_expire_minutes * 60_000),
  };
}

/** Reads the client secret that the file refers to. Throws CONFIG_INVALID if it is missing. */
export async function readOidcSecret(
  settings: OidcSettings | null,
  named: NamedSources,
): Promise<OidcSettings | null> {
  if (settings === null || settings.writtenSecret === null) return settings;
  const place = 'auth.oidc.client_secret';
  return { ...settings, clientSecret: await readSecret(settings.writtenSecret, { place, named }) };
}

function toRole(role: Role | typeof REFUSED): Role | null {
  return role === REFUSED ? null : role;
}
