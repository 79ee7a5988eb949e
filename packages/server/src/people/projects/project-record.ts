import type { Member, PrincipalId, Project, ProjectRole } from '@comfleet/contract';
import type { Principal } from '../identity/principal.ts';
import { readProjectRole } from './memberships.ts';
import type { MemberRow, NamedProjectRow } from './project-statements.ts';

/** Returns the role of a principal in a project, null for none. */
export function roleIn(principal: Pick<Principal, 'projects'>, id: string): ProjectRole | null {
  return principal.projects.find(({ projectId }) => projectId === id)?.role ?? null;
}

/** A project as a principal sees it. */
export function toProject(row: NamedProjectRow, role: ProjectRole | null): Project {
  return {
    project_id: row.id,
    name: row.name,
    description: row.description,
    owner_id: row.owner_id,
    owner_name: row.owner_name,
    role,
    created_at: new Date(row.created_at).toISOString(),
  };
}

export function toMember({ principal_id, kind, name, role, added_at }: MemberRow): Member {
  const addedAt = new Date(added_at).toISOString();
  return { principal_id, kind, name, role: readProjectRole(role), added_at: addedAt };
}

/** The owner as a member of its project. */
export function toOwner(project: NamedProjectRow, owner: Pick<Member, 'kind'> & { id: PrincipalId }): Member {
  return {
    principal_id: owner.id,
    kind: owner.kind,
    name: project.owner_name,
    role: 'owner',
    added_at: new Date(project.created_at).toISOString(),
  };
}
