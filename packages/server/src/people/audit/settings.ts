import type { z } from 'zod';
import { seconds } from '../../platform/config/fields.ts';

/** Part of the `retention` block. */
export const auditRetention = {
  audit_seconds: seconds()
    .default(31_536_000)
    .describe('How long entries of the audit log are kept; 365 days.'),
};

export function compileAuditRetention(raw: z.infer<z.ZodObject<typeof auditRetention>>): number {
  return raw.audit_seconds * 1000;
}
