import { createAdmission } from '../people/identity/admission.ts';
import { type Identity, openIdentity } from '../people/identity/identity.ts';
import { visibleTo } from '../people/identity/principal.ts';
import type { Database } from '../platform/database/database.ts';
import { every } from '../platform/lifecycle/every.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import type { Basics } from './app.ts';
import type { Config } from './settings.ts';
import type { Tables } from './tables.ts';

export interface People {
  identity: Identity;
  /** What flow needs of people: the owner filter, and admission. */
  forFlow: { visibleTo: typeof visibleTo; admission: ReturnType<typeof createAdmission> };
}

/** When tokens were last used is stored, and expired ones are deleted, this often. */
const TIDY_MS = 30_000;

/** Opens identity and admission. */
export function openPeople(
  scope: Scope,
  config: Config,
  { database, clock, random, logger }: Basics & { database: Database<Tables> },
): People {
  const { auth, limits } = config;
  const identity = openIdentity({ db: database, clock, random }, auth);
  every(scope, { name: 'identity.tidy', intervalMs: TIDY_MS, clock, logger }, () => identity.sessions.tidy());
  return {
    identity,
    forFlow: {
      visibleTo,
      admission: createAdmission({ db: database, clock }, { waitingPerClient: limits.waitingPerClient }),
    },
  };
}
