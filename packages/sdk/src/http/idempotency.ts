import type { Random } from '../platform/random.ts';

/** A fresh Idempotency-Key: 128 random bits in hex. */
export function createIdempotencyKey(random: Random): string {
  return Array.from(random.bytes(16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
