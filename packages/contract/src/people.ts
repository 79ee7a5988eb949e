import { z } from 'zod';
import { storedTextSchema } from './request-limits.ts';
import { timeSchema } from './task.ts';

/** Who acts. The local credential is a client with the admin role, made at the first start. */
export const PRINCIPAL_KINDS = ['user', 'client', 'agent', 'system'] as const;
export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

/** What a principal may do besides seeing what is its own. */
export const PERMISSIONS = [
  /** Submit, cancel and repeat tasks and batches; upload and delete files. */
  'tasks.run',
  /** Run graphs of one's own, not only the workflows that the server has. */
  'graphs.run',
  /** See, and with `tasks.run` cancel and repeat, the tasks, batches and files of everyone. */
  'tasks.see_all',
  /** See workers, instances, statistics and metrics. */
  'fleet.see',
  /** Add, drain and remove workers; change placement; read workflows and settings again. */
  'fleet.manage',
  /** Create, change and end users, clients, keys and join tokens. */
  'people.manage',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Named sets of permissions, the strongest first. */
export const ROLES = ['admin', 'operator', 'member', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** A member may run the server's workflows, a viewer only sees; both get single permissions by grants. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  admin: PERMISSIONS,
  operator: ['tasks.run', 'graphs.run', 'tasks.see_all', 'fleet.see', 'fleet.manage'],
  member: ['tasks.run'],
  viewer: [],
};

/** What a principal may do beyond its role. */
export const GRANTS = ['admin', 'raw_graph'] as const;
export type Grant = (typeof GRANTS)[number];

const GRANT_PERMISSIONS: Readonly<Record<Grant, readonly Permission[]>> = {
  admin: PERMISSIONS,
  raw_graph: ['graphs.run'],
};

/** The permissions of a role and grants together, in the order of `PERMISSIONS`. */
export function permissionsOf(role: Role, grants: readonly Grant[]): readonly Permission[] {
  const held = new Set([...ROLE_PERMISSIONS[role], ...grants.flatMap((grant) => GRANT_PERMISSIONS[grant])]);
  return PERMISSIONS.filter((permission) => held.has(permission));
}

export const registerClientSchema = z
  .strictObject({
    client_name: storedTextSchema.min(1).max(190),
    description: storedTextSchema.max(1000).optional(),
    /** The code of an invitation, where `auth.registration` is `invite`. */
    invitation: z.string().max(200).optional(),
  })
  .meta({ id: 'RegisterClient' });

/** The secret is shown only here. */
export const registeredClientSchema = z
  .object({ client_id: z.string(), client_secret: z.string(), client_name: z.string() })
  .meta({ id: 'RegisteredClient' });

export const tokenRequestSchema = z
  .strictObject({
    client_id: z.string(),
    client_secret: z.string(),
    /** The token is a browser session: each visit extends it, signing out ends it. */
    browser: z.boolean().optional(),
  })
  .meta({ id: 'TokenRequest' });

export const tokenSchema = z
  .object({
    access_token: z.string(),
    token_type: z.literal('bearer'),
    /** Seconds. */
    expires_in: z.int(),
    expires_at: timeSchema,
  })
  .meta({ id: 'Token' });
export type Token = z.infer<typeof tokenSchema>;

/** A link that signs a browser in once. */
export const signInLinkSchema = z
  .object({
    /** One per address at which the page may be reached; all are single-use together. The first has the host of the request. */
    links: z.array(z.string()).min(1),
    expires_at: timeSchema,
  })
  .meta({ id: 'SignInLink' });
export type SignInLink = z.infer<typeof signInLinkSchema>;

export const renewedSchema = z
  .object({
    /** When the token expires; null if it does not. */
    expires_at: timeSchema.nullable(),
  })
  .meta({ id: 'Renewed' });
export type Renewed = z.infer<typeof renewedSchema>;

/** What is left to do after a sign-out. */
export const signedOutSchema = z
  .object({
    /** Where the browser goes to sign out at the OpenID provider too; null if it did not sign in there. */
    end_session_url: z.string().nullable(),
  })
  .meta({ id: 'SignedOut' });
export type SignedOut = z.infer<typeof signedOutSchema>;

export const signOutSchema = z
  .strictObject({
    /** Signs out all browsers of the client and voids unused links; otherwise only this browser. */
    everywhere: z.boolean().default(false),
  })
  .meta({ id: 'SignOut' });

export const clientSchema = z
  .object({
    client_id: z.string(),
    client_name: z.string(),
    description: z.string().nullable(),
    role: z.enum(ROLES),
    grants: z.array(z.enum(GRANTS)),
    created_at: timeSchema,
    revoked_at: timeSchema.nullable(),
  })
  .meta({ id: 'Client' });
export type Client = z.infer<typeof clientSchema>;

export const whoSchema = z
  .object({
    principal_id: z.string(),
    kind: z.enum(PRINCIPAL_KINDS),
    name: z.string(),
    role: z.enum(ROLES),
    grants: z.array(z.enum(GRANTS)),
    /** Of the role and the grants, within the scopes of the token. */
    permissions: z.array(z.enum(PERMISSIONS)),
  })
  .meta({ id: 'Who' });
export type Who = z.infer<typeof whoSchema>;

const userNameSchema = z.string().min(1).max(100);
/** Longer ones are refused with the reason; the limit here keeps a check from being costly. */
const passwordSchema = z.string().min(1).max(1000);

/** POST /api/v2/auth/sign-in, and /admin/auth/login of the v1 layout. */
export const signInSchema = z
  .strictObject({ username: userNameSchema, password: passwordSchema })
  .meta({ id: 'SignIn' });

/** An account at an OpenID provider: the `iss` and `sub` of its ID tokens. */
const oidcAccountSchema = z
  .strictObject({ issuer: z.string().min(1).max(500), subject: z.string().min(1).max(255) })
  .meta({ id: 'OidcAccount' });
export type OidcAccount = z.infer<typeof oidcAccountSchema>;

export const userSchema = z
  .object({
    user_id: z.string(),
    username: z.string(),
    role: z.enum(ROLES),
    created_at: timeSchema,
    disabled_at: timeSchema.nullable(),
    last_sign_in_at: timeSchema.nullable(),
    password_set_at: timeSchema.nullable(),
    /** The account at an OpenID provider with which the user signs in; null for users with a password. */
    oidc: oidcAccountSchema.nullable(),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof userSchema>;

export const userListSchema = z.object({ users: z.array(userSchema) }).meta({ id: 'UserList' });

/** A token, and whom it signs in. */
export const signedInSchema = tokenSchema.extend({ user: userSchema }).meta({ id: 'SignedIn' });

export const newUserSchema = z
  .strictObject({
    username: userNameSchema,
    role: z.enum(ROLES).default('member'),
    /** One is made without it. */
    password: passwordSchema.optional(),
  })
  .meta({ id: 'NewUser' });

/** The password is shown this once; null for one that the request gave. */
export const userPasswordSchema = userSchema
  .extend({ password: z.string().nullable() })
  .meta({ id: 'UserPassword' });
export type UserPassword = z.infer<typeof userPasswordSchema>;

export const userChangeSchema = z
  .strictObject({
    role: z.enum(ROLES).optional(),
    disabled: z.boolean().optional(),
    /** Links the user to an account of the OpenID provider, instead of a password; null unlinks it. */
    oidc: oidcAccountSchema.nullable().optional(),
  })
  .meta({ id: 'UserChange' });

export const passwordResetSchema = z
  .strictObject({ password: passwordSchema.optional() })
  .meta({ id: 'PasswordReset' });

export const passwordChangeSchema = z
  .strictObject({ current_password: passwordSchema, new_password: passwordSchema })
  .meta({ id: 'PasswordChange' });
