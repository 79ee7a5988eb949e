import { createAdmission } from '../people/identity/admission.ts';
import { Identity } from '../people/identity/identity.ts';
import { visibleTo } from '../people/identity/principal.ts';
import type { Database } from '../platform/database/database.ts';
import type { Basics } from './app.ts';
import type { Config } from './settings.ts';
import type { Tables } from './tables.ts';

export interface People {
  identity: Identity;
  /** What the path of a task takes of people: its owner filter, and their say on admission. */
  forFlow: { visibleTo: typeof visibleTo; admission: ReturnType<typeof createAdmission> };
}

/** Who asks, and what is theirs. */
export function openPeople(
  config: Config,
  { database, clock, random }: Basics & { database: Database<Tables> },
): People {
  const { auth, limits } = config;
  return {
    identity: new Identity({ db: database, clock, random }, auth),
    forFlow: {
      visibleTo,
      admission: createAdmission({ db: database, clock }, { waitingPerClient: limits.waitingPerClient }),
    },
  };
}
