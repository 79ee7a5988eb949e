import type { Grant, PrincipalId, Role } from '@comfleet/contract';
import { GRANTS, parseId, ROLES } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import type { IdentityTables, PrincipalRow } from './identity-tables.ts';
import type { ClientRecord, Principal } from './principal.ts';

export async function findPrincipal(
  db: Database<IdentityTables>,
  id: PrincipalId,
): Promise<PrincipalRow | null> {
  const [row] = await db.read(db.k.selectFrom('principal').selectAll().where('id', '=', id).limit(1));
  return row ?? null;
}

/** Finds a user by the compared form of its name. */
export async function findUserByLogin(
  db: Database<IdentityTables>,
  login: string,
): Promise<PrincipalRow | null> {
  const [row] = await db.read(db.k.selectFrom('principal').selectAll().where('login', '=', login).limit(1));
  return row ?? null;
}

/** Finds a user by the key of its account at an OpenID provider. */
export async function findUserByAccount(
  db: Database<IdentityTables>,
  key: string,
): Promise<PrincipalRow | null> {
  const [row] = await db.read(db.k.selectFrom('principal').selectAll().where('oidc_key', '=', key).limit(1));
  return row ?? null;
}

export async function listPrincipalRows(
  db: Database<IdentityTables>,
  kind: 'client' | 'user',
  limit: number,
): Promise<PrincipalRow[]> {
  const query = db.k.selectFrom('principal').selectAll().where('kind', '=', kind).orderBy('id').limit(limit);
  return db.read(query);
}

/** The names of principals, by id; unknown ids are left out. */
export async function loadPrincipalNames(
  db: Database<IdentityTables>,
  ids: readonly PrincipalId[],
): Promise<ReadonlyMap<PrincipalId, string>> {
  if (ids.length === 0) return new Map();
  const query = db.k
    .selectFrom('principal')
    .select(['id', 'name'])
    .where('id', 'in', [...new Set(ids)])
    .limit(ids.length);
  return new Map((await db.read(query)).map(({ id, name }) => [id, name]));
}

export function insertPrincipal(db: Database<IdentityTables>, row: PrincipalRow): Write {
  return { query: db.k.insertInto('principal').values(row) };
}

/** Refused if the client is unknown or already revoked. */
export function revokeClientRow(db: Database<IdentityTables>, id: PrincipalId, nowMs: number): Write {
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

/** Changes a user; refused if there is none of that id. */
export function updateUser(
  db: Database<IdentityTables>,
  id: PrincipalId,
  change: Partial<Omit<PrincipalRow, 'id' | 'kind'>>,
): Write {
  const query = db.k.updateTable('principal').set(change).where('id', '=', id).where('kind', '=', 'user');
  return { query, rows: 1 };
}

/** Refused if the user was disabled, or its password replaced, since `seen` was read. */
export function recordSignIn(
  db: Database<IdentityTables>,
  seen: Pick<PrincipalRow, 'id' | 'secret_hash'>,
  nowMs: number,
): Write {
  const query = db.k
    .updateTable('principal')
    .set({ last_sign_in_at: nowMs })
    .where('id', '=', seen.id)
    .where('secret_hash', '=', seen.secret_hash)
    .where('revoked_at', 'is', null);
  return { query, rows: 1 };
}

/** Stores the role of a sign-in through the provider; refused if the user was disabled or unlinked since `seen` was read. */
export function recordOidcSignIn(
  db: Database<IdentityTables>,
  seen: Pick<PrincipalRow, 'id' | 'oidc_key'>,
  { role, nowMs }: { role: Role; nowMs: number },
): Write {
  const query = db.k
    .updateTable('principal')
    .set({ role, last_sign_in_at: nowMs })
    .where('id', '=', seen.id)
    .where('oidc_key', '=', seen.oidc_key)
    .where('revoked_at', 'is', null);
  return { query, rows: 1 };
}

/** Replaces a secret or password; refused if the principal is unknown or revoked. */
export function updateSecret(
  db: Database<IdentityTables>,
  id: PrincipalId,
  secret: { hash: string; nowMs: number },
): Write {
  const query = db.k
    .updateTable('principal')
    .set({ secret_hash: secret.hash, secret_set_at: secret.nowMs })
    .where('id', '=', id)
    .where('revoked_at', 'is', null);
  return { query, rows: 1 };
}

type PrincipalColumns = Pick<PrincipalRow, 'id' | 'kind' | 'name' | 'role' | 'grants'>;

/** Reads what a principal row says of who acts. */
export function readPrincipal(row: PrincipalColumns): Omit<Principal, 'permissions' | 'projects'> {
  const { kind, name } = row;
  return { id: readId(row.id), kind, name, ...readPowers(row) };
}

export function toClientRecord(row: PrincipalRow): ClientRecord {
  return {
    id: readId(row.id),
    name: row.name,
    description: row.description,
    ...readPowers(row),
    createdAtMs: row.created_at,
    revokedAtMs: row.revoked_at,
  };
}

function readId(text: string): PrincipalId {
  const id = parseId<'principal'>(text);
  if (id === null) throw new Error('a principal row has an id that is not a UUID');
  return id;
}

/** Whoever has the admin grant is an admin, whatever its role. */
function readPowers(row: Pick<PrincipalRow, 'role' | 'grants'>): { role: Role; grants: Grant[] } {
  const grants = readGrants(row.grants);
  return { role: grants.includes('admin') ? 'admin' : readRole(row.role), grants };
}

/** The weakest role for one that this version does not know; clients of earlier versions have none and are members. */
export function readRole(text: string | null): Role {
  return text === null ? 'member' : (ROLES.find((role) => role === text) ?? 'viewer');
}

/** Ignores grants that this version does not know. */
export function readGrants(text: string): Grant[] {
  const parsed: unknown = JSON.parse(text);
  return GRANTS.filter((grant) => Array.isArray(parsed) && parsed.includes(grant));
}
