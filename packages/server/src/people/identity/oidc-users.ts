import { createUuidV7, type OidcAccount, type PrincipalId, type Role } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { commitAll } from './commit-all.ts';
import type { IdentityTables, PrincipalRow } from './identity-tables.ts';
import { toAccountColumns, toAccountKey } from './oidc-account.ts';
import {
  findUserByAccount,
  findUserByLogin,
  insertPrincipal,
  recordOidcSignIn,
  updateUser,
} from './principal-statements.ts';
import type { Sessions } from './sessions.ts';
import { deleteTokensOf } from './token-statements.ts';
import { toLogin } from './user-record.ts';

interface Deps {
  db: Database<IdentityTables>;
  clock: Clock;
  random: Random;
  sessions: Sessions;
}

/** Who the OpenID provider says has signed in. */
export interface OidcVisitor {
  readonly account: OidcAccount;
  /** For a user that is created; valid as a user name. */
  readonly name: string;
  /** By the rules of the configuration; null: refused. */
  readonly role: Role | null;
}

/** A user that may sign in now. */
export interface Admitted {
  /** One-time code for the page. */
  readonly code: string;
  readonly principalId: PrincipalId;
}

/** Names that are tried for a new user: "ada", "ada 2", "ada 3" … */
const MAX_NAMES = 50;

/** Users that sign in at an OpenID provider. They are found by their account there alone, never by a name or address. */
export class OidcUsers {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Signs in the user of an account and gives it the role of this visit; returns a one-time code for the page. Without a role
   * everything that the user is signed in with ends: OIDC_NO_ROLE. OIDC_USER_UNKNOWN if there is no user and none is to be
   * created, OIDC_USER_DISABLED.
   */
  async admit(visitor: OidcVisitor, unknown: 'create' | 'refuse'): Promise<Admitted> {
    const { db, clock, sessions } = this.#deps;
    const found = await findUserByAccount(db, toAccountKey(visitor.account));
    const { role } = visitor;
    if (role === null) return await this.#refuse(found, visitor.account);
    if (found === null && unknown === 'refuse')
      throw new AppError('OIDC_USER_UNKNOWN', { ...visitor.account });
    const row = found ?? (await this.#create({ ...visitor, role }));
    if (row.revoked_at !== null) throw new AppError('OIDC_USER_DISABLED');
    const { code, write } = sessions.drawOidcCode(row.id);
    // Refused if the user was disabled or unlinked in between.
    const outcome = await db.commit([recordOidcSignIn(db, row, { role, nowMs: clock.nowMs() }), write]);
    if (outcome.kind === 'refused') throw new AppError('OIDC_USER_DISABLED');
    if (row.role !== role) sessions.recheck();
    return { code, principalId: row.id };
  }

  async #refuse(row: PrincipalRow | null, account: OidcAccount): Promise<never> {
    if (row !== null) {
      const { db } = this.#deps;
      await commitAll(db, [updateUser(db, row.id, { role: 'viewer' }), deleteTokensOf(db, row.id)]);
      this.#deps.sessions.recheck();
    }
    throw new AppError('OIDC_NO_ROLE', { ...account });
  }

  async #create({ account, name, role }: OidcVisitor & { role: Role }): Promise<PrincipalRow> {
    const { db, clock, random } = this.#deps;
    const nowMs = clock.nowMs();
    const free = await this.#findFreeName(name);
    const row: PrincipalRow = {
      id: createUuidV7<'principal'>(nowMs, random.bytes(10)),
      kind: 'user',
      name: free,
      login: toLogin(free),
      description: null,
      ...toAccountColumns(account),
      secret_hash: null,
      secret_set_at: null,
      role,
      grants: '[]',
      created_at: nowMs,
      last_sign_in_at: null,
      revoked_at: null,
      self_registered: null,
    };
    const outcome = await db.commit([insertPrincipal(db, row)]);
    if (outcome.kind === 'committed') return row;
    // The same account in a second tab, or the name, was faster.
    const other = await findUserByAccount(db, toAccountKey(account));
    if (other === null) throw new AppError('NAME_TAKEN');
    return other;
  }

  async #findFreeName(name: string): Promise<string> {
    for (let at = 1; at <= MAX_NAMES; at += 1) {
      const tried = at === 1 ? name : `${name} ${at}`;
      if ((await findUserByLogin(this.#deps.db, toLogin(tried))) === null) return tried;
    }
    throw new AppError('NAME_TAKEN');
  }
}
