import { z } from 'zod';

/** What administrators and users do that others may want to look up later: `object.happened`. */
export const AUDIT_ACTIONS = [
  /** A request that was refused to somebody who may not make it; no other action describes it. */
  'access.denied',
  'session.opened',
  'session.ended',
  'sign_in_link.created',
  'password.changed',
  'key.created',
  'key.revoked',
  'user.created',
  'user.changed',
  'user.password_reset',
  'user.signed_out',
  'client.registered',
  'client.revoked',
  'client.rotated',
  'client.grants_changed',
  'invitation.created',
  'invitation.revoked',
  'join_token.created',
  'join_token.revoked',
  'project.created',
  'project.changed',
  'project.deleted',
  'project.member_set',
  'project.member_removed',
  'worker.added',
  'worker.changed',
  'worker.removed',
  'worker.maintenance',
  'worker.drained',
  'worker.enabled',
  'worker.checked',
  'worker.identity_accepted',
  'worker.reconnected',
  'worker.inventory_loaded',
  'strategy.changed',
  'setting.changed',
  'setting.reset',
  'config.reread',
  'quota.changed',
  'quota.reset',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** `done`: it happened. `denied`: refused to this caller. `failed`: an error of ours, so that a part may have happened. */
export const AUDIT_OUTCOMES = ['done', 'denied', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** What an entry is about. */
export const AUDIT_OBJECTS = ['user', 'client', 'token', 'project', 'worker', 'setting', 'quota'] as const;
export type AuditObjectKind = (typeof AUDIT_OBJECTS)[number];

const stateSchema = z.record(z.string(), z.unknown()).nullable();

/** One entry of the audit log; entries are only ever added. */
export const auditEntrySchema = z
  .object({
    entry_id: z.string(),
    at: z.iso.datetime(),
    action: z.string(),
    outcome: z.enum(AUDIT_OUTCOMES),
    /** The error code of what was denied or failed. */
    code: z.string().nullable(),
    /** Who acted; null for requests without valid credentials. */
    actor: z.object({ id: z.string(), kind: z.string(), name: z.string() }).nullable(),
    object: z.object({ kind: z.string(), id: z.string().nullable(), name: z.string().nullable() }).nullable(),
    /** The fields that changed, as they were; null for what is new. */
    before: stateSchema,
    /** The same fields afterwards; null for what is gone. */
    after: stateSchema,
    /** `native`, `comfy-v2`, or `system` for what the server does itself. */
    door: z.string(),
    /** Method and route. */
    route: z.string().nullable(),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    request_id: z.string().nullable(),
    /** How many similar refusals before this one have no entry of their own, because there were too many in a minute. */
    left_out: z.int(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** Newest first; `next_cursor` is null at the end. */
export const auditPageSchema = z
  .object({ entries: z.array(auditEntrySchema), next_cursor: z.string().nullable() })
  .meta({ id: 'AuditPage' });
export type AuditPage = z.infer<typeof auditPageSchema>;
