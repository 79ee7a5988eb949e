import { z } from 'zod';
import type { Sealer } from '../../platform/secrets/sealer.ts';

const pendingSchema = z.strictObject({
  kind: z.literal('oidc_sign_in'),
  issuer: z.string(),
  state: z.string(),
  nonce: z.string(),
  /** The verifier of PKCE. */
  verifier: z.string(),
  redirect_uri: z.string(),
  return_to: z.string(),
  begun_at: z.number(),
});

/** A sign-in that was sent to the provider; its browser keeps it, encrypted, until the response. */
export type PendingSignIn = Omit<z.infer<typeof pendingSchema>, 'kind'>;

/** Encrypts a pending sign-in for a cookie. */
export function sealPending(sealer: Sealer, pending: PendingSignIn): string {
  return Buffer.from(sealer.seal(JSON.stringify({ kind: 'oidc_sign_in', ...pending }))).toString('base64url');
}

/** Returns the pending sign-in of a cookie; null for anything that this server did not encrypt. */
export function openPending(sealer: Sealer, text: string): PendingSignIn | null {
  try {
    const parsed: unknown = JSON.parse(sealer.open(Buffer.from(text, 'base64url')));
    const { kind: _kind, ...pending } = pendingSchema.parse(parsed);
    return pending;
  } catch {
    // Whatever is wrong with it: it is not ours.
    return null;
  }
}
