import { type PrincipalId, parseId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Principal } from '../identity/principal.ts';
import { findPrincipal, readPrincipal } from '../identity/principal-statements.ts';
import { findProject } from '../projects/project-statements.ts';
import type { ProjectTables } from '../projects/project-tables.ts';
import type { Subject, SubjectProject } from './rule.ts';

/** An owner as rules see it, without a project. */
export type Owner = Omit<Subject, 'project'>;

/** Loads what rules see in the owner and the project of a task. */
export interface Subjects {
  findOwner(id: PrincipalId): Promise<Owner>;
  /** A project that is deleted has its id as its name. */
  findProject(id: string): Promise<SubjectProject>;
}

/** As old as a session may be: a change of role or name counts for both from then on. */
const MAX_AGE_MS = 1000;
const MAX_KNOWN = 10_000;

/** Whom the rules see in a principal. */
export function subjectOf({ id, name, role }: Pick<Principal, 'id' | 'name' | 'role'>): Owner {
  return { role, id, name };
}

/** Each owner and project is loaded at most once a second: every dispatch asks for them. */
export function createSubjects(deps: { database: Database<ProjectTables>; clock: Clock }): Subjects {
  const { database, clock } = deps;
  return {
    findOwner: remember(clock, (id: PrincipalId) => loadOwner(database, id)),
    findProject: remember(clock, (id: string) => loadProject(database, id)),
  };
}

function remember<Id extends string, Loaded>(
  clock: Clock,
  load: (id: Id) => Promise<Loaded>,
): (id: Id) => Promise<Loaded> {
  const known = new Map<Id, { loaded: Promise<Loaded>; atMs: number }>();
  return (id) => {
    const entry = known.get(id);
    const nowMs = clock.monotonicMs();
    if (entry && nowMs - entry.atMs < MAX_AGE_MS) return entry.loaded;
    if (known.size >= MAX_KNOWN) known.clear();
    const loaded = load(id);
    known.set(id, { loaded, atMs: nowMs });
    // A failed read is tried again by the next one who asks.
    loaded.catch(() => known.delete(id));
    return loaded;
  };
}

async function loadOwner(database: Database<ProjectTables>, id: PrincipalId): Promise<Owner> {
  const row = await findPrincipal(database, id);
  return row === null ? { role: 'member', id, name: '' } : subjectOf(readPrincipal(row));
}

async function loadProject(database: Database<ProjectTables>, id: string): Promise<SubjectProject> {
  const projectId = parseId<'project'>(id);
  const row = projectId === null ? null : await findProject(database, projectId);
  return { id, name: row?.name ?? id };
}
