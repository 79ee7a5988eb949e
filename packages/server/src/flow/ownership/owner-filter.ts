import type { Permission, PrincipalId, ProjectId } from '@comfleet/contract';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Actor } from './actor.ts';

/** Selects the rows of everybody, or those of one owner and of projects. It has two forms: `matchesOwner` and `whereOwner`. */
export type OwnerFilter =
  | { readonly kind: 'all' }
  | { readonly kind: 'some'; readonly ownerId: PrincipalId; readonly projectIds: readonly ProjectId[] };

/** The part of a row that a filter reads. */
export interface OwnedRow {
  readonly owner_id: PrincipalId;
  readonly project_id: string | null;
}

const SEE_ALL: Permission = 'tasks.see_all';

/** Selects what an actor may see: its own rows and those of its projects, or all. */
export function visibleTo(actor: Actor): OwnerFilter {
  return filterFor(actor, actor.projects);
}

/** Selects what an actor may change, cancel or run again: not what it sees as a viewer of a project. */
export function changeableBy(actor: Actor): OwnerFilter {
  return filterFor(
    actor,
    actor.projects.filter(({ role }) => role !== 'viewer'),
  );
}

function filterFor({ id, permissions }: Actor, projects: Actor['projects']): OwnerFilter {
  if (permissions.includes(SEE_ALL)) return { kind: 'all' };
  return { kind: 'some', ownerId: id, projectIds: projects.map(({ projectId }) => projectId) };
}

/** Throws PROJECT_READ_ONLY for a row that the actor sees as a viewer only. */
export function requireChangeable(actor: Actor, row: OwnedRow): void {
  if (!matchesOwner(changeableBy(actor), row))
    throw new AppError('PROJECT_READ_ONLY', { project_id: row.project_id });
}

/** Returns whether a filter selects a row. */
export function matchesOwner(filter: OwnerFilter, row: OwnedRow): boolean {
  if (filter.kind === 'all' || row.owner_id === filter.ownerId) return true;
  return filter.projectIds.some((id) => id === row.project_id);
}

/** The same as a condition on `owner_id` and `project_id` of the one table of a query. */
export function whereOwner(filter: OwnerFilter): RawBuilder<SqlBool> {
  if (filter.kind === 'all') return sql<SqlBool>`1 = 1`;
  const own = sql<SqlBool>`owner_id = ${filter.ownerId}`;
  if (filter.projectIds.length === 0) return own;
  return sql<SqlBool>`(${own} or project_id in (${sql.join([...filter.projectIds])}))`;
}
