import type { RateDecision, RatePolicy } from './gcra.ts';

/** The headers of draft-ietf-httpapi-ratelimit-headers for a request that was counted. Seconds are rounded up. */
export function toRateLimitHeaders(
  { name, limit, windowMs }: RatePolicy,
  { remaining, resetMs }: RateDecision,
): Record<'ratelimit-policy' | 'ratelimit', string> {
  return {
    'ratelimit-policy': `"${name}";q=${limit};w=${windowMs / 1000}`,
    ratelimit: `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`,
  };
}

/** Whole seconds after which a refused request passes, at least 1. */
export function toRetryAfter({ retryMs }: RateDecision): number {
  return Math.max(1, Math.ceil(retryMs / 1000));
}
