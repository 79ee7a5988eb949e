import { createAdmission } from '../people/identity/admission.ts';
import {
  createFirstPasswordRemoval,
  type FirstAdmin,
  openFirstAdmin,
} from '../people/identity/first-admin.ts';
import { type Identity, openIdentity } from '../people/identity/identity.ts';
import { OidcSignIn } from '../people/oidc/oidc-sign-in.ts';
import { createGraphPolicies, type GraphPolicies } from '../people/policies/graph-policies.ts';
import { createSubjects } from '../people/policies/subjects.ts';
import type { Database } from '../platform/database/database.ts';
import { every } from '../platform/lifecycle/every.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import type { Sealer } from '../platform/secrets/sealer.ts';
import type { Basics } from './app.ts';
import type { ConfigStore } from './settings.ts';
import type { Tables } from './tables.ts';

export interface People {
  identity: Identity;
  /** Null if it is not configured. */
  oidc: OidcSignIn | null;
  /** Null from the second start on. */
  firstAdmin: FirstAdmin | null;
  policies: GraphPolicies;
  /** What flow needs of people: admission, and the rules for graphs. */
  forFlow: {
    admission: ReturnType<typeof createAdmission>;
    policies: GraphPolicies;
  };
}

interface PeopleSurroundings {
  database: Database<Tables>;
  sealer: Sealer;
  environment: NodeJS.ProcessEnv;
}

/** When tokens were last used is stored, and expired ones are deleted, this often. */
const TIDY_MS = 30_000;

/** Opens identity with its first admin, admission, and the rules for graphs, which a changed file changes at once. */
export async function openPeople(
  scope: Scope,
  store: Pick<ConfigStore, 'current'>,
  { database, sealer, clock, random, logger, environment }: Basics & PeopleSurroundings,
): Promise<People> {
  const { auth, limits, dataDir } = store.current;
  const identity = openIdentity(
    { db: database, clock, random },
    {
      ...auth,
      oidcLifetimeMs: auth.oidc?.sessionLifetimeMs ?? auth.signInLifetimeMs,
      onPasswordSet: createFirstPasswordRemoval(dataDir),
    },
  );
  every(scope, { name: 'identity.tidy', intervalMs: TIDY_MS, clock, logger }, () => identity.sessions.tidy());
  const policies = createGraphPolicies({
    configured: () => store.current.policies,
    subjects: createSubjects({ database, clock }),
  });
  return {
    identity,
    oidc: auth.oidc && new OidcSignIn(auth.oidc, { users: identity.oidcUsers, sealer, clock }),
    firstAdmin: await openFirstAdmin(
      { users: identity.users, random },
      dataDir,
      environment.COMFLEET_ADMIN_PASSWORD,
    ),
    policies,
    forFlow: {
      policies,
      admission: createAdmission({ db: database, clock }, { waitingPerClient: limits.waitingPerClient }),
    },
  };
}
