import { createHash, timingSafeEqual } from 'node:crypto';
import type { Random } from '../../platform/time/clock.ts';

/** Prefix per purpose of an opaque secret, so that a leaked one is recognised. */
const PREFIXES = {
  token: 'cft_',
  secret: 'cfs_',
  code: 'cfc_',
  key: 'cfk_',
  invite: 'cfi_',
  join: 'cfj_',
} as const;
export type SecretKind = keyof typeof PREFIXES;

const FORM = /^cf[tsckij]_[A-Za-z0-9_-]{43}$/;

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
  const expected = Buffer.from(hash ?? hashSecret(''));
  const given = Buffer.from(hashSecret(secret));
  // A hash of another kind has another length and never matches.
  return expected.length === given.length && timingSafeEqual(given, expected) && hash !== null;
}
