import { createHash } from 'node:crypto';
import type { OidcAccount } from '@comfleet/contract';
import type { PrincipalRow } from './identity-tables.ts';

type AccountColumns = Pick<PrincipalRow, 'oidc_key' | 'oidc_issuer' | 'oidc_subject'>;

/** The columns of everyone without an account at an OpenID provider. */
export const NO_ACCOUNT: AccountColumns = { oidc_key: null, oidc_issuer: null, oidc_subject: null };

/** The columns of an account; the key is the same only for the same issuer and subject, byte by byte. */
export function toAccountColumns({ issuer, subject }: OidcAccount): AccountColumns {
  return { oidc_key: toAccountKey({ issuer, subject }), oidc_issuer: issuer, oidc_subject: subject };
}

/** The unique key of an account: a hash, as its parts are longer than what every database indexes. */
export function toAccountKey({ issuer, subject }: OidcAccount): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('hex');
}

/** Returns the account of a principal row, null without one. */
export function readAccount({
  oidc_issuer: issuer,
  oidc_subject: subject,
}: AccountColumns): OidcAccount | null {
  return issuer === null || subject === null ? null : { issuer, subject };
}
