import type { Admission, RunningLimits } from '../flow/tasks/admission.ts';
import { AuditLog } from '../people/audit/audit-log.ts';
import { createAuditedPeople } from '../people/audit/audited-people.ts';
import {
  createFirstPasswordRemoval,
  type FirstAdmin,
  openFirstAdmin,
} from '../people/identity/first-admin.ts';
import { type Identity, openIdentity } from '../people/identity/identity.ts';
import { OidcSignIn } from '../people/oidc/oidc-sign-in.ts';
import { createGraphPolicies, type GraphPolicies } from '../people/policies/graph-policies.ts';
import { createSubjects } from '../people/policies/subjects.ts';
import { createAdmission } from '../people/quotas/admission.ts';
import { CurrentDay } from '../people/quotas/current-day.ts';
import { QuotaBook } from '../people/quotas/quota-book.ts';
import { createQuotaCalls, type QuotaCalls } from '../people/quotas/quota-calls.ts';
import { QuotaCounters } from '../people/quotas/quota-counters.ts';
import type { Database } from '../platform/database/database.ts';
import { every } from '../platform/lifecycle/every.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import type { Sealer } from '../platform/secrets/sealer.ts';
import type { Basics } from './app.ts';
import type { ConfigStore } from './settings.ts';
import type { Tables } from './tables.ts';

export interface People {
  /** Null from the second start on. */
  firstAdmin: FirstAdmin | null;
  policies: GraphPolicies;
  /** What doors need of people; `oidc` is null if it is not configured. */
  forDoors: {
    identity: Identity;
    oidc: OidcSignIn | null;
    audit: AuditLog;
    quotas: QuotaCalls;
    auditedPeople: ReturnType<typeof createAuditedPeople>;
  };
  /** What flow needs of people: admission, and the rules for graphs. */
  forFlow: {
    admission: Admission;
    runningLimits: RunningLimits;
    /** Calls the listener after a change at run time. */
    onLimitsChange: (listener: () => void) => void;
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
/** Old entries of the audit log are removed this often. */
const FORGET_MS = 3_600_000;

/** Opens identity with its first admin, the audit log, admission, and the rules for graphs, which a changed file changes at once. */
export async function openPeople(
  scope: Scope,
  store: Pick<ConfigStore, 'current'>,
  { database, sealer, clock, random, logger, environment }: Basics & PeopleSurroundings,
): Promise<People> {
  const { auth, dataDir } = store.current;
  const days = new CurrentDay(database, store.current.timeZone);
  const book = new QuotaBook(database, () => store.current.quotas);
  await book.load();
  const identity = openIdentity(
    { db: database, clock, random },
    {
      get registration() {
        return store.current.auth.registration;
      },
      get tokenLifetimeMs() {
        return store.current.auth.tokenLifetimeMs;
      },
      get signInLifetimeMs() {
        return store.current.auth.signInLifetimeMs;
      },
      get oidcLifetimeMs() {
        return auth.oidc?.sessionLifetimeMs ?? store.current.auth.signInLifetimeMs;
      },
      onPasswordSet: createFirstPasswordRemoval(dataDir),
    },
  );
  const audit = new AuditLog({ db: database, clock, random });
  const audits = { name: 'audit.retention', intervalMs: FORGET_MS, clock, logger };
  every(scope, audits, () => audit.forget(store.current.auditMs));
  every(scope, { name: 'identity.tidy', intervalMs: TIDY_MS, clock, logger }, () => identity.sessions.tidy());
  const policies = createGraphPolicies({
    configured: () => store.current.policies,
    subjects: createSubjects({ database, clock }),
  });
  return {
    firstAdmin: await openFirstAdmin(
      { users: identity.users, random },
      dataDir,
      environment.COMFLEET_ADMIN_PASSWORD,
    ),
    policies,
    forDoors: {
      identity,
      quotas: createQuotaCalls({ db: database, days, book }),
      audit,
      oidc: auth.oidc && new OidcSignIn(auth.oidc, { users: identity.oidcUsers, sealer, clock }),
      auditedPeople: createAuditedPeople(database),
    },
    forFlow: {
      policies,
      admission: createAdmission({ db: database, days, book, store: new QuotaCounters() }),
      onLimitsChange: (listener) => book.onChange(listener),
      runningLimits: {
        ofOwner: (id) => book.ofOwner(id, 'tasks_running').limit,
        ofProject: (id) => book.ofProject(id, 'tasks_running').limit,
      },
    },
  };
}
