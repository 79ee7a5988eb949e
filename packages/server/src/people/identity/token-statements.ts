import { PERMISSIONS, type Permission, type PrincipalId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import type { IdentityTables, TokenRow } from './identity-tables.ts';
import { createPrincipal, type Principal } from './principal.ts';
import { readPrincipal } from './principal-statements.ts';

export type TokenPurpose = 'access' | 'browser' | 'sign_in' | 'key' | 'invite' | 'join';

/** Purposes of bearer tokens. */
export const BEARERS: readonly TokenPurpose[] = ['access', 'browser', 'key'];

/** Name of the tokens of sign-ins through the OpenID provider. */
export const FROM_OIDC = 'oidc';

/** An unused token whose principal is not revoked. */
export interface TokenRecord {
  readonly principal: Principal;
  /** By which it is listed; null for tokens of earlier versions. */
  readonly tokenId: string | null;
  readonly purpose: string;
  /** Of a sign-in through the OpenID provider: it ends at its time, however often the page is visited. */
  readonly isFromOidc: boolean;
  /** The principal is a client that registered itself where anybody may. */
  readonly isSelfRegistered: boolean;
  /** Null: does not expire. */
  readonly expiresAtMs: number | null;
}

export async function findToken(
  db: Database<IdentityTables>,
  hash: string,
  purposes: readonly TokenPurpose[],
): Promise<TokenRecord | null> {
  const query = db.k
    .selectFrom('token')
    .innerJoin('principal', 'principal.id', 'token.principal_id')
    .select(['principal.id', 'principal.kind', 'principal.name', 'principal.role', 'principal.grants'])
    .select(['token.id as token_id', 'token.purpose', 'token.name as token_name'])
    .select(['token.scopes', 'token.expires_at', 'principal.self_registered'])
    .where('token.hash', '=', hash)
    .where('token.purpose', 'in', purposes)
    .where('token.used_at', 'is', null)
    .where('principal.revoked_at', 'is', null)
    .limit(1);
  const [row] = await db.read(query);
  if (!row) return null;
  return {
    principal: createPrincipal(readPrincipal(row), readScopes(row.scopes)),
    tokenId: row.token_id,
    purpose: row.purpose,
    isFromOidc: row.purpose !== 'key' && row.token_name === FROM_OIDC,
    isSelfRegistered: row.self_registered !== null,
    expiresAtMs: row.expires_at,
  };
}

/** A token as it is listed, with the name of its principal. */
export interface ListedTokenRow extends Omit<TokenRow, 'hash' | 'id'> {
  id: string;
  owner_name: string;
}

/** Lists the tokens of these purposes that have not ended, newest first; of one principal, or of all. */
export async function listTokenRows(
  db: Database<IdentityTables>,
  filter: {
    principalId: PrincipalId | null;
    purposes: readonly TokenPurpose[];
    nowMs: number;
    limit: number;
  },
): Promise<ListedTokenRow[]> {
  let query = db.k
    .selectFrom('token')
    .innerJoin('principal', 'principal.id', 'token.principal_id')
    .selectAll('token')
    .select('principal.name as owner_name')
    .where('purpose', 'in', filter.purposes)
    .where('token.id', 'is not', null)
    .where('used_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', filter.nowMs)]));
  if (filter.principalId !== null) query = query.where('principal_id', '=', filter.principalId);
  const rows = await db.read(
    query.orderBy('token.created_at', 'desc').orderBy('token.id', 'desc').limit(filter.limit),
  );
  return rows.flatMap(({ hash: _hash, id, ...row }) => (id === null ? [] : [{ ...row, id }]));
}

/** Finds a listed token by its id, of whatever purpose. */
export async function findTokenById(db: Database<IdentityTables>, id: string): Promise<TokenRow | null> {
  const [row] = await db.read(db.k.selectFrom('token').selectAll().where('id', '=', id).limit(1));
  return row ?? null;
}

/** Returns whether a principal has a token that was issued to this address. */
export async function hasTokenFrom(
  db: Database<IdentityTables>,
  principalId: PrincipalId,
  address: string,
): Promise<boolean> {
  const query = db.k
    .selectFrom('token')
    .select('hash')
    .where('principal_id', '=', principalId)
    .where('address', '=', address)
    .limit(1);
  return (await db.read(query)).length > 0;
}

export function insertToken(db: Database<IdentityTables>, row: TokenRow): Write {
  return { query: db.k.insertInto('token').values(row) };
}

/** Extends a browser's sign-in to `expiresAtMs`; refused if it has ended. */
export function extendSignIn(db: Database<IdentityTables>, hash: string, expiresAtMs: number): Write {
  const query = db.k
    .updateTable('token')
    .set({ expires_at: expiresAtMs })
    .where('hash', '=', hash)
    .where('purpose', '=', 'browser');
  return { query, rows: 1 };
}

/** Ends one sign-in of a browser. Tokens of programs remain. */
export function deleteSignIn(db: Database<IdentityTables>, hash: string): Write {
  return { query: db.k.deleteFrom('token').where('hash', '=', hash).where('purpose', '=', 'browser') };
}

/** Ends every browser sign-in of a principal, and its unused sign-in links. */
export function deleteSignIns(db: Database<IdentityTables>, id: PrincipalId): Write {
  const query = db.k
    .deleteFrom('token')
    .where('principal_id', '=', id)
    .where('purpose', 'in', ['browser', 'sign_in']);
  return { query };
}

/** Ends one listed token; refused if the principal (null: nobody in particular) has none of that id and these purposes. */
export function deleteToken(
  db: Database<IdentityTables>,
  id: string,
  of: { principalId: PrincipalId | null; purposes: readonly TokenPurpose[] },
): Write {
  let query = db.k.deleteFrom('token').where('id', '=', id).where('purpose', 'in', of.purposes);
  if (of.principalId !== null) query = query.where('principal_id', '=', of.principalId);
  return { query, rows: 1 };
}

/** Ends every token of a principal, with the invitations and join tokens that it made. */
export function deleteTokensOf(db: Database<IdentityTables>, id: PrincipalId): Write {
  return { query: db.k.deleteFrom('token').where('principal_id', '=', id) };
}

/** Ends every session, key and sign-in link of a principal, but for one. */
export function deleteBearersOf(
  db: Database<IdentityTables>,
  id: PrincipalId,
  { except }: { except: string },
): Write {
  const query = db.k
    .deleteFrom('token')
    .where('principal_id', '=', id)
    .where('purpose', 'in', [...BEARERS, 'sign_in'])
    .where('hash', '!=', except);
  return { query };
}

/** Uses a single-use token; refused if it is used or expired. */
export function useToken(
  db: Database<IdentityTables>,
  hash: string,
  purpose: TokenPurpose,
  nowMs: number,
): Write {
  const query = db.k
    .updateTable('token')
    .set({ used_at: nowMs })
    .where('hash', '=', hash)
    .where('purpose', '=', purpose)
    .where('used_at', 'is', null)
    .where('expires_at', '>', nowMs);
  return { query, rows: 1 };
}

/** Records that a token was used; later uses only. */
export function touchToken(db: Database<IdentityTables>, hash: string, nowMs: number): Write {
  return { query: db.k.updateTable('token').set({ last_used_at: nowMs }).where('hash', '=', hash) };
}

export function deleteExpiredTokens(db: Database<IdentityTables>, nowMs: number): Write {
  return { query: db.k.deleteFrom('token').where('expires_at', '<', nowMs) };
}

/** Null: not limited. Permissions that this version does not know are left out. */
export function readScopes(text: string | null): Permission[] | null {
  if (text === null) return null;
  const parsed: unknown = JSON.parse(text);
  return PERMISSIONS.filter((permission) => Array.isArray(parsed) && parsed.includes(permission));
}
