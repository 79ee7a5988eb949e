import type { PrincipalId, PrincipalKind } from '@comfleet/contract';
import type { SettingTables } from '../../platform/database/setting-tables.ts';

export interface PrincipalRow {
  id: PrincipalId;
  kind: PrincipalKind;
  /** As shown. */
  name: string;
  /** Of users: the name in its one compared form; unique. Null for everyone else. */
  login: string | null;
  description: string | null;
  /** Of users of an OpenID provider: a hash of their account there, unique. Null for everyone else. */
  oidc_key: string | null;
  oidc_issuer: string | null;
  oidc_subject: string | null;
  /** SHA-256 hex of a random secret (clients), argon2id string (users with a password), null (others). */
  secret_hash: string | null;
  /** When the secret last changed; null if it never did. */
  secret_set_at: number | null;
  /** Null counts as member. */
  role: string | null;
  /** JSON array of grants. */
  grants: string;
  created_at: number;
  last_sign_in_at: number | null;
  /** For clients final; a user that is enabled again gets null. */
  revoked_at: number | null;
  /** 1 for a client that registered itself where anybody may. */
  self_registered: number | null;
}

export interface TokenRow {
  /** SHA-256 hex of the opaque token. */
  hash: string;
  /** By which the token is listed and ended; null for those of versions before 0.3. */
  id: string | null;
  principal_id: PrincipalId;
  /**
   * `access`: of programs; `browser`: of pages; `sign_in`: one-time codes; `key`: API keys; `invite`: one registration of a
   * client; `join`: lets workers register.
   */
  purpose: string;
  /** Of keys, invitations and join tokens: what they are for. Of sign-ins of browsers: `oidc` if through the provider. */
  name: string | null;
  /** JSON array of permissions that the token is limited to; null: not limited. */
  scopes: string | null;
  created_at: number;
  expires_at: number | null;
  used_at: number | null;
  /** Where it was issued to, and the browser or program that asked. */
  address: string | null;
  user_agent: string | null;
  /** At most a minute old. */
  last_used_at: number | null;
}

/** Tables of principals and their tokens. */
export interface IdentityTables extends SettingTables {
  principal: PrincipalRow;
  token: TokenRow;
}
