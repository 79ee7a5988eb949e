import { createHash, timingSafeEqual } from 'node:crypto';
import type { Random } from '../../platform/time/clock.ts';

/** Prefix per purpose of an opaque secret, so that a leaked one is recognised. */
const PREFIXES = { token: 'cft_', secret: 'cfs_', code: 'cfc_' } as const;
export type SecretKind = keyof typeof PREFIXES;

const FORM = /^cf[tsc]_[A-Za-z0-9_-]{43}$/;

/** 256 random bits as text. */
export function drawSecret(kind: SecretKind, random: Random): string {
  return PREFIXES[kind] + Buffer.from(random.bytes(32)).toString('base64url');
}

/** Returns whether the text looks like one of ours; anything else needs no lookup. */
export function hasSecretForm(text: string, kind: SecretKind): boolean {
  return text.startsWith(PREFIXES[kind]) && FORM.test(text);
}

/** SHA-256 hex. Enough for random secrets; users' passwords need argon2. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Compares a secret with a stored hash in constant time; a missing hash takes as long and returns false. */
export function matchesHash(secret: string, hash: string | null): boolean {
  const expected = hash ?? hashSecret('');
  const isEqual = timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(expected));
  return isEqual && hash !== null;
}
