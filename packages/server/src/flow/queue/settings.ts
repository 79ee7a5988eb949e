import { plainText } from '@comfleet/contract';
import { z } from 'zod';
import { port } from '../../platform/config/fields.ts';
import type { Findings } from '../../platform/config/settings.ts';

/** The `redis` block. */
export const redisSchema = z.strictObject({
  host: z.string().min(1).default('localhost').describe('Server.'),
  port: port().default(6379).describe('Port.'),
  db: z.int().min(0).default(0).describe('Database number.'),
  password: z.string().optional().describe('Password.'),
});
type RawRedis = z.infer<typeof redisSchema> | undefined;

export interface RedisSettings {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly password: string | null;
}

export function checkRedis(raw: RawRedis, findings: Findings): void {
  if (!raw) return;
  findings.warn('redis', plainText('config.no_redis'));
}

/** Null without the block. */
export function compileRedis(raw: RawRedis): RedisSettings | null {
  return raw ? { ...raw, password: raw.password ?? null } : null;
}
