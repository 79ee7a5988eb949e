import { parseId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { findPrincipal, readPrincipal } from '../identity/principal-statements.ts';
import { findTokenById, readScopes } from '../identity/token-statements.ts';
import { findByIdOrName } from '../identity/user-record.ts';
import { findProject, listMemberRows } from '../projects/project-statements.ts';
import type { ProjectTables } from '../projects/project-tables.ts';
import type { AuditObject } from './audit-log.ts';
import type { AuditState } from './changed-fields.ts';

/** An object as the audit log describes it: without secrets, and without what changes by mere use. */
export interface AuditedObject extends AuditObject {
  readonly state: AuditState;
}

/** Finds an object by its id, some also by their name; null for an unknown one. */
export type FindAudited = (idOrName: string) => Promise<AuditedObject | null>;

/** How the audit log finds people and what they own. */
export function createAuditedPeople(
  db: Database<ProjectTables>,
): Record<'user' | 'client' | 'token' | 'project', FindAudited> {
  return {
    user: (idOrName) => findUser(db, idOrName),
    client: (id) => findClient(db, id),
    token: (id) => findToken(db, id),
    project: (id) => findAuditedProject(db, id),
  };
}

/** A user; or any other principal by its id. */
async function findUser(db: Database<ProjectTables>, idOrName: string): Promise<AuditedObject | null> {
  const row = await findByIdOrName(db, idOrName);
  if (row === null) return null;
  if (row.kind !== 'user') return findClient(db, row.id);
  const { id, name, role } = readPrincipal(row);
  const { oidc_issuer: issuer, oidc_subject: subject } = row;
  return {
    ...{ kind: 'user', id, name },
    state: {
      role,
      disabled_at: toTime(row.revoked_at),
      password_set_at: toTime(row.secret_set_at),
      oidc: row.oidc_key === null ? null : { issuer, subject },
    },
  };
}

async function findClient(db: Database<ProjectTables>, text: string): Promise<AuditedObject | null> {
  const known = parseId<'principal'>(text);
  const row = known && (await findPrincipal(db, known));
  if (!row) return null;
  const { id, name, role, grants } = readPrincipal(row);
  return {
    ...{ kind: 'client', id, name },
    state: {
      ...{ role, grants, description: row.description },
      revoked_at: toTime(row.revoked_at),
      secret_set_at: toTime(row.secret_set_at),
    },
  };
}

async function findToken(db: Database<ProjectTables>, text: string): Promise<AuditedObject | null> {
  const id = parseId<'token'>(text);
  const row = id && (await findTokenById(db, id));
  if (!row) return null;
  return {
    ...{ kind: 'token', id, name: row.name },
    state: {
      purpose: row.purpose,
      owner_id: row.principal_id,
      scopes: readScopes(row.scopes),
      expires_at: toTime(row.expires_at),
    },
  };
}

async function findAuditedProject(db: Database<ProjectTables>, text: string): Promise<AuditedObject | null> {
  const known = parseId<'project'>(text);
  const row = known && (await findProject(db, known));
  if (!row) return null;
  const members = (await listMemberRows(db, row.id)).map(({ name, role }) => [name, role] as const);
  const { name, description, owner_id } = row;
  return {
    ...{ kind: 'project', id: row.id, name },
    state: { name, description, owner_id, members: Object.fromEntries(members) },
  };
}

function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
