import type { ColumnAddition, IndexSpec } from '../table-spec.ts';

/** The account of a user at an OpenID provider; `oidc_key` is a hash of both, for an index. */
export const columns: readonly ColumnAddition[] = [
  { table: 'principal', column: 'oidc_key', type: 'word?' },
  { table: 'principal', column: 'oidc_issuer', type: 'text?' },
  { table: 'principal', column: 'oidc_subject', type: 'text?' },
];

/** `oidc_key` is null for everyone else; null values never collide. */
export const indexes: readonly IndexSpec[] = [{ table: 'principal', columns: ['oidc_key'], unique: true }];
