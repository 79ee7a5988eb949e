import { createAdmission } from '../people/identity/admission.ts';
import { Identity } from '../people/identity/identity.ts';
import { visibleTo } from '../people/identity/principal.ts';
import type { Database } from '../platform/database/database.ts';
import type { Basics } from './app.ts';
import type { Config } from './settings.ts';
import type { Tables } from './tables.ts';

export interface People {
  identity: Identity;
  /** What flow needs of people: the owner filter, and admission. */
  forFlow: { visibleTo: typeof visibleTo; admission: ReturnType<typeof createAdmission> };
}

/** Opens identity and admission. */
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
