import type { Grant, PrincipalId } from '@comfleet/contract';
import { GRANTS, parseId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import type { IdentityTables, PrincipalRow, TokenRow } from './identity-tables.ts';
import type { ClientRecord, Principal } from './principal.ts';

export type TokenPurpose = 'access' | 'browser' | 'sign_in';

/** Purposes of bearer tokens. */
export const BEARERS: readonly TokenPurpose[] = ['access', 'browser'];

/** An unused token whose principal is not revoked. */
export interface TokenRecord {
  readonly principal: Principal;
  readonly purpose: string;
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
    .select(['principal.id', 'principal.kind', 'principal.name', 'principal.grants'])
    .select(['token.purpose', 'token.expires_at'])
    .where('token.hash', '=', hash)
    .where('token.purpose', 'in', purposes)
    .where('token.used_at', 'is', null)
    .where('principal.revoked_at', 'is', null)
    .limit(1);
  const [row] = await db.read(query);
  if (!row) return null;
  return { principal: toPrincipal(row), purpose: row.purpose, expiresAtMs: row.expires_at };
}

export async function findPrincipal(
  db: Database<IdentityTables>,
  id: PrincipalId,
): Promise<PrincipalRow | null> {
  const [row] = await db.read(db.k.selectFrom('principal').selectAll().where('id', '=', id).limit(1));
  return row ?? null;
}

export async function listClientRows(db: Database<IdentityTables>, limit: number): Promise<ClientRecord[]> {
  const query = db.k
    .selectFrom('principal')
    .selectAll()
    .where('kind', '=', 'client')
    .orderBy('id')
    .limit(limit);
  return (await db.read(query)).map(toClientRecord);
}

export function insertPrincipal(db: Database<IdentityTables>, row: PrincipalRow): Write {
  return { query: db.k.insertInto('principal').values(row) };
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

/** Refused if the client is unknown or already revoked. */
export function revokePrincipal(db: Database<IdentityTables>, id: PrincipalId, nowMs: number): Write {
  const query = db.k
    .updateTable('principal')
    .set({ revoked_at: nowMs })
    .where('id', '=', id)
    .where('kind', '=', 'client')
    .where('revoked_at', 'is', null);
  return { query, rows: 1 };
}

/** Refused if the client is unknown, revoked, or its grants are no longer `seen`. */
export function updateGrants(
  db: Database<IdentityTables>,
  id: PrincipalId,
  seen: string,
  grants: readonly Grant[],
): Write {
  const query = db.k
    .updateTable('principal')
    .set({ grants: JSON.stringify(grants) })
    .where('id', '=', id)
    .where('grants', '=', seen)
    .where('revoked_at', 'is', null);
  return { query, rows: 1 };
}

export function updateSecret(db: Database<IdentityTables>, id: PrincipalId, secretHash: string): Write {
  const query = db.k
    .updateTable('principal')
    .set({ secret_hash: secretHash })
    .where('id', '=', id)
    .where('revoked_at', 'is', null);
  return { query, rows: 1 };
}

export function deleteTokensOf(db: Database<IdentityTables>, id: PrincipalId): Write {
  return { query: db.k.deleteFrom('token').where('principal_id', '=', id) };
}

export function deleteExpiredTokens(db: Database<IdentityTables>, nowMs: number): Write {
  return { query: db.k.deleteFrom('token').where('expires_at', '<', nowMs) };
}

export async function findSetting(db: Database<IdentityTables>, name: string): Promise<string | null> {
  const [row] = await db.read(db.k.selectFrom('setting').select('value').where('name', '=', name).limit(1));
  return row?.value ?? null;
}

export function deleteSetting(db: Database<IdentityTables>, name: string): Write {
  return { query: db.k.deleteFrom('setting').where('name', '=', name) };
}

export function insertSetting(db: Database<IdentityTables>, name: string, value: string): Write {
  return { query: db.k.insertInto('setting').values({ name, value }) };
}

type PrincipalColumns = Pick<PrincipalRow, 'id' | 'kind' | 'name' | 'grants'>;

export function toPrincipal(row: PrincipalColumns): Principal {
  return { id: readId(row.id), kind: row.kind, name: row.name, grants: parseGrants(row.grants) };
}

export function toClientRecord(row: PrincipalRow): ClientRecord {
  return {
    id: readId(row.id),
    name: row.name,
    description: row.description,
    grants: parseGrants(row.grants),
    createdAtMs: row.created_at,
    revokedAtMs: row.revoked_at,
  };
}

function readId(text: string): PrincipalId {
  const id = parseId<'principal'>(text);
  if (id === null) throw new Error('a principal row has an id that is not a UUID');
  return id;
}

/** Ignores grants that this version does not know. */
export function parseGrants(text: string): Grant[] {
  const parsed: unknown = JSON.parse(text);
  return GRANTS.filter((grant) => Array.isArray(parsed) && parsed.includes(grant));
}
