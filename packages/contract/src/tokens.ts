import { z } from 'zod';
import { PERMISSIONS } from './people.ts';
import { storedTextSchema } from './request-limits.ts';
import { timeSchema } from './task.ts';

/** What a session belongs to: a browser that signed in, or a program that drew a token. */
export const SESSION_KINDS = ['browser', 'program'] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

/** What every listed token has. */
const listed = {
  created_at: timeSchema,
  /** Null: does not expire. */
  expires_at: timeSchema.nullable(),
};

export const sessionSchema = z
  .object({
    session_id: z.string(),
    kind: z.enum(SESSION_KINDS),
    ...listed,
    /** At most a minute old; null before the first use. */
    last_used_at: timeSchema.nullable(),
    /** Where it was issued to. */
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    /** The session of this request. */
    current: z.boolean(),
  })
  .meta({ id: 'Session' });
export type ListedSession = z.infer<typeof sessionSchema>;

/** GET /api/v2/auth/sessions. */
export const sessionListSchema = z.object({ sessions: z.array(sessionSchema) }).meta({ id: 'SessionList' });

/** Longest life of what expires by request: ten years. */
const MAX_LIFETIME_SECONDS = 315_360_000;
const tokenNameSchema = storedTextSchema.min(1).max(190);
const expiresInSchema = z.int().min(1).max(MAX_LIFETIME_SECONDS);

export const createKeySchema = z
  .strictObject({
    name: tokenNameSchema,
    /** Permissions that the key is limited to; without them, those that its owner has now. */
    scopes: z.array(z.enum(PERMISSIONS)).max(PERMISSIONS.length).optional(),
    /** Seconds; without it the key does not expire. */
    expires_in: expiresInSchema.optional(),
  })
  .meta({ id: 'CreateKey' });
export type CreateKey = z.infer<typeof createKeySchema>;

export const apiKeySchema = z
  .object({
    key_id: z.string(),
    name: z.string(),
    /** The key may do these as long as its owner may. */
    scopes: z.array(z.enum(PERMISSIONS)),
    owner_id: z.string(),
    owner_name: z.string(),
    ...listed,
    last_used_at: timeSchema.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof apiKeySchema>;

/** The key itself is shown only here. */
export const createdKeySchema = apiKeySchema.extend({ key: z.string() }).meta({ id: 'CreatedKey' });
export type CreatedKey = z.infer<typeof createdKeySchema>;

/** GET /api/v2/auth/keys. */
export const keyListSchema = z.object({ keys: z.array(apiKeySchema) }).meta({ id: 'KeyList' });

/** A named token that admins hand out: an invitation, or a join token. */
export const namedTokenSchema = z
  .object({
    token_id: z.string(),
    name: z.string(),
    owner_id: z.string(),
    /** Who created it; it ends with their right to. */
    owner_name: z.string(),
    ...listed,
    last_used_at: timeSchema.nullable(),
  })
  .meta({ id: 'NamedToken' });
export type NamedToken = z.infer<typeof namedTokenSchema>;

export const createInvitationSchema = z
  .strictObject({
    name: tokenNameSchema,
    /** Seconds; seven days without it. */
    expires_in: expiresInSchema.default(604_800),
  })
  .meta({ id: 'CreateInvitation' });

/** The code registers one client; it is shown only here. */
export const createdInvitationSchema = namedTokenSchema
  .extend({ invitation: z.string() })
  .meta({ id: 'CreatedInvitation' });
export type CreatedInvitation = z.infer<typeof createdInvitationSchema>;

/** GET /api/v2/admin/invitations: those that are neither used nor expired. */
export const invitationListSchema = z
  .object({ invitations: z.array(namedTokenSchema) })
  .meta({ id: 'InvitationList' });

export const createJoinTokenSchema = z
  .strictObject({
    name: tokenNameSchema,
    /** Seconds; without it the token does not expire. */
    expires_in: expiresInSchema.optional(),
  })
  .meta({ id: 'CreateJoinToken' });

/** With the token workers register at POST /api/fleet/register; it is shown only here. */
export const createdJoinTokenSchema = namedTokenSchema
  .extend({ join_token: z.string() })
  .meta({ id: 'CreatedJoinToken' });
export type CreatedJoinToken = z.infer<typeof createdJoinTokenSchema>;

/** GET /api/v2/admin/join-tokens. */
export const joinTokenListSchema = z
  .object({ join_tokens: z.array(namedTokenSchema) })
  .meta({ id: 'JoinTokenList' });
