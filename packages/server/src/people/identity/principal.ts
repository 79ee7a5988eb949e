import type { Client, Grant, PrincipalId, PrincipalKind, Who } from '@comfleet/contract';
import { AppError } from '../../platform/errors/app-error.ts';

/** Who acts. Usable as flow's Actor; flow knows no more than that. */
export interface Principal {
  readonly id: PrincipalId;
  readonly kind: PrincipalKind;
  readonly name: string;
  readonly grants: readonly Grant[];
}

/** The part of a principal that permission checks need; flow's Actor fits too. */
export interface Asker {
  readonly id: PrincipalId;
  readonly grants: readonly string[];
}

/** Whose rows an actor may see: its own, or all. */
export type OwnerFilter = { readonly kind: 'own'; readonly ownerId: PrincipalId } | { readonly kind: 'all' };

/** A registered client as admins see it, without its secret. */
export interface ClientRecord {
  readonly id: PrincipalId;
  readonly name: string;
  readonly description: string | null;
  readonly grants: readonly Grant[];
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

/** Whose rows an actor may see. Every owner filter is built from it. */
export function visibleTo(actor: Asker): OwnerFilter {
  return actor.grants.includes('admin') ? { kind: 'all' } : { kind: 'own', ownerId: actor.id };
}

export function hasGrant(actor: Asker, grant: Grant): boolean {
  return actor.grants.includes(grant);
}

/** Throws FORBIDDEN unless the principal is an admin. */
export function requireAdmin(actor: Asker): void {
  if (!hasGrant(actor, 'admin')) throw new AppError('FORBIDDEN', { needs: 'admin' });
}

/** Throws GRAPH_NOT_GRANTED unless the principal may run raw graphs. */
export function requireGraphGrant(principal: Asker): void {
  if (!hasGrant(principal, 'raw_graph') && !hasGrant(principal, 'admin'))
    throw new AppError('GRAPH_NOT_GRANTED');
}

export function toWho(principal: Principal): Who {
  return {
    principal_id: principal.id,
    kind: principal.kind,
    name: principal.name,
    grants: [...principal.grants],
  };
}

export function toClient(record: ClientRecord): Client {
  return {
    client_id: record.id,
    client_name: record.name,
    description: record.description,
    grants: [...record.grants],
    created_at: new Date(record.createdAtMs).toISOString(),
    revoked_at: record.revokedAtMs === null ? null : new Date(record.revokedAtMs).toISOString(),
  };
}
