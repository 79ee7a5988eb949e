import { z } from 'zod';

const perMinute = (value: number | null, description: string) =>
  z.int().min(1).max(100_000).nullable().default(value).describe(description);

/** The `rate_limits` block: requests a minute; null means unlimited. */
export const rateLimitsSchema = z.strictObject({
  anonymous_per_minute: perMinute(
    100,
    'Requests a minute without valid credentials, from one address (IPv6: one /64 network).',
  ),
  registered_client_per_minute: perMinute(
    100,
    'Requests a minute of one client that registered itself, without an admin.',
  ),
  client_per_minute: perMinute(null, 'Requests a minute of one client that an admin made or invited.'),
  user_per_minute: perMinute(null, 'Requests a minute of one user.'),
});

/** Who is counted, and by which limit: the name of its policy. */
export type CallerKind = 'anonymous' | 'registered_client' | 'client' | 'user';

/** Requests a minute by kind of caller; null: unlimited. */
export type RateLimitSettings = Readonly<Record<CallerKind, number | null>>;

export function compileRateLimits(raw: z.infer<typeof rateLimitsSchema>): RateLimitSettings {
  return {
    anonymous: raw.anonymous_per_minute,
    registered_client: raw.registered_client_per_minute,
    client: raw.client_per_minute,
    user: raw.user_per_minute,
  };
}
