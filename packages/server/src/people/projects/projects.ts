import {
  createUuidV7,
  type Member,
  type MemberChange,
  type NewProject,
  type PrincipalId,
  type Project,
  type ProjectChange,
  parseId,
} from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { commitAll } from '../identity/commit-all.ts';
import type { PrincipalRow } from '../identity/identity-tables.ts';
import { may, type Principal, requirePermission } from '../identity/principal.ts';
import { findPrincipal } from '../identity/principal-statements.ts';
import type { Sessions } from '../identity/sessions.ts';
import { findByIdOrName } from '../identity/user-record.ts';
import { loadMemberships, MAX_PROJECTS } from './memberships.ts';
import { roleIn, toMember, toOwner, toProject } from './project-record.ts';
import {
  deleteMember,
  deleteProject,
  findProject,
  insertProject,
  listMemberRows,
  listProjectRows,
  type NamedProjectRow,
  putMember,
  updateProject,
} from './project-statements.ts';
import type { ProjectTables } from './project-tables.ts';

const MAX_MEMBERS = 500;

export interface ProjectsDeps {
  db: Database<ProjectTables>;
  clock: Clock;
  random: Random;
  sessions: Pick<Sessions, 'recheck'>;
}

/**
 * Projects and their members. A project of others looks unknown: PROJECT_NOT_FOUND. Its members see it; only its owner, and an
 * admin, change it or its members: NOT_PROJECT_OWNER for anyone else. Each change counts at once, also for open streams.
 */
export class Projects {
  readonly #deps: ProjectsDeps;

  constructor(deps: ProjectsDeps) {
    this.#deps = deps;
  }

  /** Lists the projects of a principal, or all of them to whoever may see everything; newest first. */
  async list(principal: Principal, which: 'own' | 'all'): Promise<Project[]> {
    if (which === 'all') requirePermission(principal, 'tasks.see_all');
    const ids = which === 'all' ? null : principal.projects.map(({ projectId }) => projectId);
    const rows = await listProjectRows(this.#deps.db, ids);
    return rows.map((row) => toProject(row, roleIn(principal, row.id)));
  }

  /** Creates a project of the principal. Throws CONFLICT if it has too many. */
  async create(principal: Principal, { name, description }: NewProject): Promise<Project> {
    const { db, clock, random, sessions } = this.#deps;
    await this.#requireRoom(principal.id, 'owned');
    const nowMs = clock.nowMs();
    const id = createUuidV7<'project'>(nowMs, random.bytes(10));
    const row = { id, owner_id: principal.id, name, description: description ?? null, created_at: nowMs };
    await commitAll(db, [insertProject(db, row)]);
    sessions.recheck();
    return toProject({ ...row, owner_name: principal.name }, 'owner');
  }

  async load(principal: Principal, id: string): Promise<Project> {
    const row = await this.#loadVisible(principal, id);
    return toProject(row, roleIn(principal, row.id));
  }

  /** Changes the name or the description of a project. */
  async change(principal: Principal, id: string, change: ProjectChange): Promise<Project> {
    const row = await this.#loadManaged(principal, id);
    // Only what is given: another change at the same moment keeps its part.
    await commitAll(this.#deps.db, [updateProject(this.#deps.db, row.id, { id: row.id, ...change })]);
    return this.load(principal, row.id);
  }

  /** Deletes a project and its memberships. Its tasks and files remain with those who own them. */
  async remove(principal: Principal, id: string): Promise<void> {
    const { db, sessions } = this.#deps;
    const row = await this.#loadManaged(principal, id);
    await commitAll(db, deleteProject(db, row.id));
    sessions.recheck();
  }

  /** Lists the members of a project, its owner first. */
  async listMembers(principal: Principal, id: string): Promise<Member[]> {
    const { db } = this.#deps;
    const row = await this.#loadVisible(principal, id);
    const owner = await findPrincipal(db, row.owner_id);
    const others = (await listMemberRows(db, row.id)).map(toMember);
    return [toOwner(row, { id: row.owner_id, kind: owner?.kind ?? 'user' }), ...others];
  }

  /**
   * Makes a user or client a member, or changes the role of one. Throws MEMBER_NOT_FOUND for an unknown name or id; CONFLICT for the
   * owner, and if there would be too many.
   */
  async setMember(principal: Principal, id: string, { member, role }: MemberChange): Promise<Member> {
    const { db, clock, sessions } = this.#deps;
    const project = await this.#loadManaged(principal, id);
    const { id: principalId, kind, name } = await this.#findMember(member);
    if (principalId === project.owner_id) throw new AppError('CONFLICT', { reason: 'project_owner' });
    const key = { projectId: project.id, principalId };
    const members = await listMemberRows(db, project.id);
    const known = members.find((row) => row.principal_id === principalId);
    const nowMs = clock.nowMs();
    if (!known) {
      await this.#requireRoom(principalId, 'joined');
      refuseMany(members.length, MAX_MEMBERS);
    }
    const addedAtMs = known?.added_at ?? nowMs;
    const outcome = await db.commit(putMember(db, key, { role, addedAtMs }));
    if (outcome.kind === 'refused') throw new AppError('PROJECT_NOT_FOUND', { project_id: project.id });
    sessions.recheck();
    return toMember({ principal_id: principalId, kind, name, role, added_at: addedAtMs });
  }

  /** Ends a membership; members may end their own. Throws MEMBER_NOT_FOUND, CONFLICT for the owner. */
  async removeMember(principal: Principal, id: string, member: string): Promise<void> {
    const { db, sessions } = this.#deps;
    const principalId = parseId<'principal'>(member);
    const isLeaving = principalId === principal.id;
    const project = await (isLeaving ? this.#loadVisible(principal, id) : this.#loadManaged(principal, id));
    if (principalId === null) throw new AppError('MEMBER_NOT_FOUND');
    if (principalId === project.owner_id) throw new AppError('CONFLICT', { reason: 'project_owner' });
    const outcome = await db.commit([deleteMember(db, { projectId: project.id, principalId })]);
    if (outcome.kind === 'refused') throw new AppError('MEMBER_NOT_FOUND');
    sessions.recheck();
  }

  async #loadVisible(principal: Principal, id: string): Promise<NamedProjectRow> {
    const projectId = parseId<'project'>(id);
    const isVisible = roleIn(principal, id) !== null || may(principal, 'tasks.see_all');
    const row = projectId !== null && isVisible ? await findProject(this.#deps.db, projectId) : null;
    if (row === null) throw new AppError('PROJECT_NOT_FOUND', { project_id: id.slice(0, 100) });
    return row;
  }

  async #loadManaged(principal: Principal, id: string): Promise<NamedProjectRow> {
    const row = await this.#loadVisible(principal, id);
    if (row.owner_id === principal.id || may(principal, 'people.manage')) return row;
    throw new AppError('NOT_PROJECT_OWNER', { project_id: row.id });
  }

  async #findMember(idOrName: string): Promise<PrincipalRow> {
    const row = await findByIdOrName(this.#deps.db, idOrName);
    const isPerson = row?.kind === 'user' || row?.kind === 'client';
    if (!row || !isPerson || row.revoked_at !== null) throw new AppError('MEMBER_NOT_FOUND');
    return row;
  }

  /** Counted apart: who makes others members of many projects does not keep them from projects of their own. */
  async #requireRoom(id: PrincipalId, which: 'owned' | 'joined'): Promise<void> {
    const memberships = await loadMemberships(this.#deps.db, id);
    const counted = memberships.filter(({ role }) => (role === 'owner') === (which === 'owned'));
    refuseMany(counted.length, MAX_PROJECTS);
  }
}

function refuseMany(count: number, limit: number): void {
  if (count >= limit) throw new AppError('CONFLICT', { reason: 'too_many', limit });
}
