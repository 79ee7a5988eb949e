import type { PrincipalId, PrincipalKind } from '@comfleet/contract';
import type { SettingTables } from '../../platform/database/setting-tables.ts';

export interface PrincipalRow {
  id: PrincipalId;
  kind: PrincipalKind;
  name: string;
  description: string | null;
  /** SHA-256 hex of a random secret (clients), argon2 string (users), null (system). */
  secret_hash: string | null;
  /** JSON array of grants. */
  grants: string;
  created_at: number;
  revoked_at: number | null;
}

export interface TokenRow {
  /** SHA-256 hex of the opaque token. */
  hash: string;
  principal_id: PrincipalId;
  /** `access` for tokens of programs, `browser` for those of pages, `sign_in` for one-time codes. */
  purpose: string;
  created_at: number;
  expires_at: number | null;
  used_at: number | null;
}

/** Tables of principals and their tokens. */
export interface IdentityTables extends SettingTables {
  principal: PrincipalRow;
  token: TokenRow;
}
