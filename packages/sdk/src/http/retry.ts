import type { ComfleetError } from '../errors.ts';

export interface RetryPolicy {
  /** Tries after the first one. */
  readonly retries: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** A Retry-After beyond this is not waited for: the error is thrown. */
  readonly maxRetryAfterMs: number;
}

/** Five tries within about eight seconds, and up to a minute when the server names the time. */
export const DEFAULT_RETRY: RetryPolicy = {
  retries: 4,
  firstDelayMs: 250,
  maxDelayMs: 8_000,
  maxRetryAfterMs: 60_000,
};

export interface RetryQuestion {
  readonly error: ComfleetError;
  /** Tries so far, from 1. */
  readonly tries: number;
  /** True when doing it twice is the same as once: reads, cancels, and posts with an idempotency key. */
  readonly repeatable: boolean;
  /** 0 ≤ x < 1, for jitter. */
  readonly fraction: number;
}

/**
 * How long to wait before trying again; null: give the error to the caller. 429 and 503 promise that nothing was
 * done, so everything may be repeated after them; after an unclear outcome only what is repeatable.
 */
export function chooseRetryDelay(question: RetryQuestion, policy: RetryPolicy): number | null {
  const { error, tries, repeatable, fraction } = question;
  if (tries > policy.retries) return null;
  const refused = error.status === 429 || error.status === 503;
  const unclear =
    error.code === 'UNREACHABLE' ||
    error.code === 'TIMED_OUT' ||
    error.status === 502 ||
    error.status === 504;
  if (!refused && !(unclear && repeatable)) return null;
  if (error.retryAfterMs !== null) {
    return error.retryAfterMs <= policy.maxRetryAfterMs ? error.retryAfterMs : null;
  }
  const full = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (tries - 1));
  return Math.round(full * (0.5 + fraction / 2));
}
