import { z } from 'zod';
import { timeSchema } from './task.ts';

/**
 * What is limited. `tasks_per_day`: accepted on a calendar day. `tasks_total`: accepted and still kept. `tasks_waiting`, `tasks_running`:
 * at one time; those on a worker count as running, the next one that it already has included. `upload_bytes_per_day`, `stored_bytes`:
 * uploads of a day; uploads and results together.
 */
export const QUOTAS = [
  'tasks_per_day',
  'tasks_total',
  'tasks_waiting',
  'tasks_running',
  'upload_bytes_per_day',
  'stored_bytes',
] as const;
export type Quota = (typeof QUOTAS)[number];

/** Whose quota it is. */
export const QUOTA_SUBJECTS = ['user', 'client', 'project'] as const;
export type QuotaSubject = (typeof QUOTA_SUBJECTS)[number];

const limit = z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable();
const limits = Object.fromEntries(QUOTAS.map((quota) => [quota, limit])) as Record<Quota, typeof limit>;

/** Every limit; null: unlimited. */
export const quotaLimitsSchema = z.object(limits).meta({ id: 'QuotaLimits' });
export type QuotaLimits = z.infer<typeof quotaLimitsSchema>;

/** Limits of one subject: absent ones stay at the default, null lifts one. Uploads have no project. */
export const changeQuotaSchema = z.strictObject(limits).partial().meta({ id: 'ChangeQuota' });
export type ChangeQuota = z.infer<typeof changeQuotaSchema>;

/** What was used of one limit. */
export const quotaUseSchema = z
  .object({
    quota: z.enum(QUOTAS),
    limit,
    used: z.int(),
    /** When a limit of a day begins again; null for the others. */
    resets_at: timeSchema.nullable(),
    /** `own`: set for this subject; `default`: of the configuration. */
    source: z.enum(['own', 'default']),
  })
  .meta({ id: 'QuotaUse' });
export type QuotaUse = z.infer<typeof quotaUseSchema>;

/** What a subject used: now, and on each of the last days (oldest first, today last). */
export const usageSchema = z
  .object({
    subject: z.object({ kind: z.enum(QUOTA_SUBJECTS), id: z.string(), name: z.string() }),
    quotas: z.array(quotaUseSchema),
    days: z.array(z.object({ day: z.string(), tasks: z.int(), upload_bytes: z.int() })),
    /** Name of the time zone in which days begin. */
    time_zone: z.string(),
  })
  .meta({ id: 'Usage' });
export type Usage = z.infer<typeof usageSchema>;

/** Limits that differ from the defaults. */
export const quotaOverrideSchema = z
  .object({
    subject: z.object({ kind: z.enum(QUOTA_SUBJECTS), id: z.string(), name: z.string() }),
    limits: quotaLimitsSchema.partial(),
    changed_at: timeSchema,
    changed_by: z.string(),
  })
  .meta({ id: 'QuotaOverride' });
export type QuotaOverride = z.infer<typeof quotaOverrideSchema>;

export const quotaListSchema = z
  .object({
    defaults: z.object({
      user: quotaLimitsSchema,
      client: quotaLimitsSchema,
      /** Clients that registered themselves, which nobody has vouched for. */
      registered_client: quotaLimitsSchema,
      project: quotaLimitsSchema,
    }),
    overrides: z.array(quotaOverrideSchema),
  })
  .meta({ id: 'QuotaList' });
export type QuotaList = z.infer<typeof quotaListSchema>;
