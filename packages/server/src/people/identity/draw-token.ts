import { createUuidV7, type Permission, type PrincipalId } from '@comfleet/contract';
import type { Clock, Random } from '../../platform/time/clock.ts';
import type { TokenRow } from './identity-tables.ts';
import { drawSecret, hashSecret, type SecretKind } from './secret.ts';
import type { TokenPurpose } from './token-statements.ts';

/** Where a token is issued to. */
export interface TokenOrigin {
  readonly address: string | null;
  readonly userAgent: string | null;
}

export interface NewToken {
  readonly kind: SecretKind;
  readonly purpose: TokenPurpose;
  readonly principalId: PrincipalId;
  /** Null: does not expire. */
  readonly lifetimeMs: number | null;
  readonly name?: string;
  readonly scopes?: readonly Permission[] | null;
  readonly origin?: TokenOrigin;
}

/** Draws a token: the text that is shown once, and the row that is stored. */
export function drawToken(
  { clock, random }: { clock: Clock; random: Random },
  token: NewToken,
): { text: string; row: TokenRow & { id: string } } {
  const text = drawSecret(token.kind, random);
  const nowMs = clock.nowMs();
  const row = {
    hash: hashSecret(text),
    id: createUuidV7<'token'>(nowMs, random.bytes(10)),
    principal_id: token.principalId,
    purpose: token.purpose,
    name: token.name ?? null,
    scopes: token.scopes ? JSON.stringify(token.scopes) : null,
    created_at: nowMs,
    expires_at: token.lifetimeMs === null ? null : nowMs + token.lifetimeMs,
    used_at: null,
    address: token.origin?.address ?? null,
    user_agent: token.origin?.userAgent?.slice(0, 300) ?? null,
    last_used_at: null,
  };
  return { text, row };
}
