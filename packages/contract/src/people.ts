import { z } from 'zod';
import { timeSchema } from './task.ts';

/** Who acts. The local credential is a client with the admin role, made at the first start. */
export const PRINCIPAL_KINDS = ['user', 'client', 'agent', 'system'] as const;
export type PrincipalKind = (typeof PRINCIPAL_KINDS)[number];

/** What a principal may do besides managing its own tasks. */
export const GRANTS = ['admin', 'raw_graph'] as const;
export type Grant = (typeof GRANTS)[number];

export const registerClientSchema = z
  .strictObject({ client_name: z.string().min(1).max(200), description: z.string().max(1000).optional() })
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
    grants: z.array(z.enum(GRANTS)),
  })
  .meta({ id: 'Who' });
export type Who = z.infer<typeof whoSchema>;
