import type { Membership, PrincipalId, ProjectRole } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { ProjectTables } from './project-tables.ts';

/** More would make every query of a principal slow; nobody owns more projects, or is a member of more. */
export const MAX_PROJECTS = 500;

/** Loads the projects of a principal, its own first. */
export async function loadMemberships(
  db: Database<ProjectTables>,
  principalId: PrincipalId,
): Promise<Membership[]> {
  const owned = db.k
    .selectFrom('project')
    .select('id as projectId')
    .where('owner_id', '=', principalId)
    .limit(MAX_PROJECTS);
  const joined = db.k
    .selectFrom('project_member')
    .select(['project_id as projectId', 'role'])
    .where('principal_id', '=', principalId)
    .limit(MAX_PROJECTS);
  const [own, others] = await Promise.all([db.read(owned), db.read(joined)]);
  return [
    ...own.map(({ projectId }) => ({ projectId, role: 'owner' as const })),
    ...others.map(({ projectId, role }) => ({ projectId, role: readProjectRole(role) })),
  ];
}

/** The weakest role for one that this version does not know. */
export function readProjectRole(text: string): Exclude<ProjectRole, 'owner'> {
  return text === 'editor' ? 'editor' : 'viewer';
}
