import type { PrincipalId, PrincipalKind, ProjectId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import type { ProjectRow, ProjectTables } from './project-tables.ts';

const MAX_LISTED = 1000;

/** A project with the name of its owner. */
export interface NamedProjectRow extends ProjectRow {
  owner_name: string;
}

function selectProjects(db: Database<ProjectTables>) {
  return db.k
    .selectFrom('project')
    .innerJoin('principal', 'principal.id', 'project.owner_id')
    .selectAll('project')
    .select('principal.name as owner_name');
}

export async function findProject(
  db: Database<ProjectTables>,
  id: ProjectId,
): Promise<NamedProjectRow | null> {
  const [row] = await db.read(selectProjects(db).where('project.id', '=', id).limit(1));
  return row ?? null;
}

/** The newest project of this name. */
export async function findProjectByName(
  db: Database<ProjectTables>,
  name: string,
): Promise<NamedProjectRow | null> {
  const query = selectProjects(db).where('project.name', '=', name).orderBy('project.id', 'desc').limit(1);
  const [row] = await db.read(query);
  return row ?? null;
}

/** Lists projects, newest first: those of the ids, or all. */
export async function listProjectRows(
  db: Database<ProjectTables>,
  ids: readonly ProjectId[] | null,
): Promise<NamedProjectRow[]> {
  const projects = selectProjects(db).orderBy('project.id', 'desc').limit(MAX_LISTED);
  if (ids === null) return db.read(projects);
  return ids.length === 0 ? [] : db.read(projects.where('project.id', 'in', ids));
}

export function insertProject(db: Database<ProjectTables>, row: ProjectRow): Write {
  return { query: db.k.insertInto('project').values(row) };
}

/** Refused if the project is unknown. */
export function updateProject(
  db: Database<ProjectTables>,
  id: ProjectId,
  change: Partial<Pick<ProjectRow, 'id' | 'name' | 'description'>>,
): Write {
  return { query: db.k.updateTable('project').set(change).where('id', '=', id), rows: 1 };
}

/** The writes that delete a project, then the members that it has by then; refused if it is unknown. */
export function deleteProject(db: Database<ProjectTables>, id: ProjectId): Write[] {
  return [
    { query: db.k.deleteFrom('project').where('id', '=', id), rows: 1 },
    { query: db.k.deleteFrom('project_member').where('project_id', '=', id) },
  ];
}

/** A member of a project besides its owner. */
export interface MemberRow {
  principal_id: PrincipalId;
  kind: PrincipalKind;
  name: string;
  role: string;
  added_at: number;
}

export async function listMemberRows(db: Database<ProjectTables>, id: ProjectId): Promise<MemberRow[]> {
  return db.read(
    db.k
      .selectFrom('project_member')
      .innerJoin('principal', 'principal.id', 'project_member.principal_id')
      .select(['principal.kind', 'principal.name'])
      .select(['project_member.principal_id', 'project_member.role', 'project_member.added_at'])
      .where('project_id', '=', id)
      .orderBy('added_at')
      .orderBy('principal_id')
      .limit(MAX_LISTED),
  );
}

interface MemberKey {
  projectId: ProjectId;
  principalId: PrincipalId;
}

/**
 * The writes that make a principal a member with a role, whether it is one or not; refused if the project is unknown. The project's
 * row is locked first, so that changes of its members, and its deletion, wait for each other.
 */
export function putMember(
  db: Database<ProjectTables>,
  key: MemberKey,
  { role, addedAtMs }: { role: string; addedAtMs: number },
): Write[] {
  const { projectId, principalId } = key;
  const row = { project_id: projectId, principal_id: principalId, role, added_at: addedAtMs };
  return [
    updateProject(db, projectId, { id: projectId }),
    { query: deleteMember(db, key).query },
    { query: db.k.insertInto('project_member').values(row) },
  ];
}

/** Refused if the principal is no member. */
export function deleteMember(db: Database<ProjectTables>, { projectId, principalId }: MemberKey): Write {
  const query = db.k
    .deleteFrom('project_member')
    .where('project_id', '=', projectId)
    .where('principal_id', '=', principalId);
  return { query, rows: 1 };
}
