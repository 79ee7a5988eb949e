import {
  type Client,
  type Grant,
  type Membership,
  type Permission,
  type PrincipalId,
  type PrincipalKind,
  permissionsOf,
  type Role,
  type Who,
} from '@comfleet/contract';
import { AppError } from '../../platform/errors/app-error.ts';

/** Who acts. Usable as flow's Actor; flow knows no more than that. */
export interface Principal {
  readonly id: PrincipalId;
  readonly kind: PrincipalKind;
  readonly name: string;
  readonly role: Role;
  readonly grants: readonly Grant[];
  /** Of the role and the grants, within the scopes of the token that was used. */
  readonly permissions: readonly Permission[];
  readonly projects: readonly Membership[];
}

/** The part of a principal that permission checks need; flow's Actor fits too. */
export interface Requester {
  readonly id: PrincipalId;
  readonly permissions: readonly string[];
}

/** A registered client as admins see it, without its secret. */
export interface ClientRecord {
  readonly id: PrincipalId;
  readonly name: string;
  readonly description: string | null;
  readonly role: Role;
  readonly grants: readonly Grant[];
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

/** The principal of a stored identity, without its projects; `scopes` narrow what its role and grants permit. */
export function createPrincipal(
  stored: Pick<Principal, 'id' | 'kind' | 'name' | 'role' | 'grants'>,
  scopes: readonly Permission[] | null = null,
): Principal {
  const { id, kind, name, role, grants } = stored;
  const permissions = permissionsOf(role, grants);
  return {
    ...{ id, kind, name, role, grants },
    projects: [],
    permissions:
      scopes === null ? permissions : permissions.filter((permission) => scopes.includes(permission)),
  };
}

export function may(actor: Requester, permission: Permission): boolean {
  return actor.permissions.includes(permission);
}

/** Throws FORBIDDEN with the missing permission. */
export function requirePermission(actor: Requester, permission: Permission): void {
  if (!may(actor, permission)) throw new AppError('FORBIDDEN', { needs: permission });
}

/** Throws GRAPH_NOT_GRANTED unless the principal may run graphs of its own. */
export function requireGraphGrant(principal: Requester): void {
  if (!may(principal, 'graphs.run')) throw new AppError('GRAPH_NOT_GRANTED');
}

export function toWho({ id, kind, name, role, grants, permissions }: Principal): Who {
  return { principal_id: id, kind, name, role, grants: [...grants], permissions: [...permissions] };
}

export function toClient(record: ClientRecord): Client {
  return {
    client_id: record.id,
    client_name: record.name,
    description: record.description,
    role: record.role,
    grants: [...record.grants],
    created_at: new Date(record.createdAtMs).toISOString(),
    revoked_at: record.revokedAtMs === null ? null : new Date(record.revokedAtMs).toISOString(),
  };
}
