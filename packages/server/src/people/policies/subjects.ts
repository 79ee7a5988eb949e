import type { PrincipalId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { IdentityTables } from '../identity/identity-tables.ts';
import type { Principal } from '../identity/principal.ts';
import { findPrincipal, readPrincipal } from '../identity/principal-statements.ts';
import type { Subject } from './rule.ts';

/** An owner as rules see it, without a project. */
export type Owner = Omit<Subject, 'projectId'>;

/** As old as a session may be: a change of role counts for both from then on. */
const MAX_AGE_MS = 1000;
const MAX_OWNERS = 10_000;

/** Whom the rules see in a principal. */
export function subjectOf({ id, name, role }: Pick<Principal, 'id' | 'name' | 'role'>): Owner {
  return { role, id, name };
}

/** Loads the owners of tasks, each at most once a second: every dispatch asks for one. */
export function createOwners(deps: {
  database: Database<IdentityTables>;
  clock: Clock;
}): (id: PrincipalId) => Promise<Owner> {
  const { database, clock } = deps;
  const known = new Map<PrincipalId, { owner: Promise<Owner>; atMs: number }>();
  return (id) => {
    const entry = known.get(id);
    const nowMs = clock.monotonicMs();
    if (entry && nowMs - entry.atMs < MAX_AGE_MS) return entry.owner;
    if (known.size >= MAX_OWNERS) known.clear();
    const owner = loadOwner(database, id);
    known.set(id, { owner, atMs: nowMs });
    // A failed read is tried again by the next one who asks.
    owner.catch(() => known.delete(id));
    return owner;
  };
}

async function loadOwner(database: Database<IdentityTables>, id: PrincipalId): Promise<Owner> {
  const row = await findPrincipal(database, id);
  return row === null ? { role: 'member', id, name: '' } : subjectOf(readPrincipal(row));
}
