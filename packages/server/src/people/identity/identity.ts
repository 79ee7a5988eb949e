import type { PrincipalId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import type { ProjectTables } from '../projects/project-tables.ts';
import { Projects } from '../projects/projects.ts';
import { Clients, type Registration } from './clients.ts';
import { Keys } from './keys.ts';
import { NamedTokens } from './named-tokens.ts';
import { OidcUsers } from './oidc-users.ts';
import { Passwords } from './passwords.ts';
import { loadPrincipalNames } from './principal-statements.ts';
import { type SessionOptions, Sessions } from './sessions.ts';
import { SignInLimit } from './sign-in-limit.ts';
import { Users, type UsersDeps } from './users.ts';

/** Who may act: the sessions of tokens, and the principals behind them. */
export interface Identity {
  readonly sessions: Sessions;
  readonly clients: Clients;
  readonly keys: Keys;
  readonly invitations: NamedTokens;
  /** With them workers register. */
  readonly joinTokens: NamedTokens;
  readonly users: Users;
  readonly oidcUsers: OidcUsers;
  readonly projects: Projects;
  /** The names of principals, by id; unknown ids are left out. */
  readonly names: (ids: readonly PrincipalId[]) => Promise<ReadonlyMap<PrincipalId, string>>;
}

export interface IdentityOptions extends SessionOptions {
  /** Read at each use: it may change. */
  readonly registration: Registration;
  /** See `UsersDeps`. */
  onPasswordSet?: UsersDeps['onPasswordSet'];
}

export function openIdentity(
  deps: { db: Database<ProjectTables>; clock: Clock; random: Random },
  options: IdentityOptions,
): Identity {
  const sessions = new Sessions(deps, options);
  const all = { ...deps, sessions };
  const invitations = new NamedTokens(all, 'invite');
  return {
    sessions,
    clients: new Clients({ ...all, invitations }, options),
    keys: new Keys(all),
    invitations,
    joinTokens: new NamedTokens(all, 'join'),
    projects: new Projects(all),
    names: (ids) => loadPrincipalNames(deps.db, ids),
    oidcUsers: new OidcUsers(all),
    users: new Users({
      ...{ ...all, passwords: new Passwords(), limit: new SignInLimit(deps.clock) },
      onPasswordSet: options.onPasswordSet ?? (async () => undefined),
    }),
  };
}
