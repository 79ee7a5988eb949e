import { createUuidV7, type OidcAccount, type Role } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { commitAll } from './commit-all.ts';
import type { TokenOrigin } from './draw-token.ts';
import type { IdentityTables, PrincipalRow } from './identity-tables.ts';
import { NO_ACCOUNT, toAccountColumns, toAccountKey } from './oidc-account.ts';
import { checkPassword, drawPassword, type Passwords } from './passwords.ts';
import { type Principal, requirePermission } from './principal.ts';
import {
  findUserByAccount,
  findUserByLogin,
  insertPrincipal,
  listPrincipalRows,
  readPrincipal,
  recordSignIn,
  updateSecret,
  updateUser,
} from './principal-statements.ts';
import type { Session } from './session-cache.ts';
import type { BearerPurpose, IssuedToken, Sessions } from './sessions.ts';
import type { SignInLimit } from './sign-in-limit.ts';
import { deleteBearersOf, deleteTokensOf, hasTokenFrom } from './token-statements.ts';
import { checkUserName, findByIdOrName, toLogin, toUserRecord, type UserRecord } from './user-record.ts';

export interface NewUser {
  readonly name: string;
  readonly role: Role;
  /** One is drawn without it. */
  readonly password?: string | undefined;
}

/** What is changed of a user; the rest stays. */
export interface UserChange {
  readonly role?: Role | undefined;
  readonly disabled?: boolean | undefined;
  /** Links the user to an account at the OpenID provider, or unlinks it. */
  readonly oidc?: OidcAccount | null | undefined;
}

export interface UsersDeps {
  db: Database<IdentityTables>;
  clock: Clock;
  random: Random;
  sessions: Sessions;
  passwords: Passwords;
  limit: SignInLimit;
  /** Called after the password of this login was replaced. */
  onPasswordSet: (login: string) => Promise<void>;
}

const MAX_LISTED = 1000;

/** People with a name, a password and a role. Managing them throws FORBIDDEN without `people.manage`, and USER_NOT_FOUND. */
export class Users {
  readonly #deps: UsersDeps;

  constructor(deps: UsersDeps) {
    this.#deps = deps;
  }

  async list(principal: Principal): Promise<UserRecord[]> {
    requirePermission(principal, 'people.manage');
    return (await listPrincipalRows(this.#deps.db, 'user', MAX_LISTED)).map(toUserRecord);
  }

  /** Returns whether there is any user. */
  async hasAny(): Promise<boolean> {
    return (await listPrincipalRows(this.#deps.db, 'user', 1)).length > 0;
  }

  /**
   * Creates a user; the password, if it was drawn, is shown once. Throws NAME_TAKEN, PASSWORD_REFUSED.
   */
  async add(principal: Principal, request: NewUser): Promise<{ user: UserRecord; password: string | null }> {
    requirePermission(principal, 'people.manage');
    return this.create(request);
  }

  /** The same without a permission check, for the first start. */
  async create({ name, role, password }: NewUser): Promise<{ user: UserRecord; password: string | null }> {
    const { db, clock, random, passwords } = this.#deps;
    const shown = checkUserName(name);
    const login = toLogin(shown);
    if (password !== undefined) checkPassword(password, login);
    const secret = password ?? drawPassword(random);
    const nowMs = clock.nowMs();
    const row: PrincipalRow = {
      id: createUuidV7<'principal'>(nowMs, random.bytes(10)),
      kind: 'user',
      name: shown,
      login,
      description: null,
      secret_hash: await passwords.hash(secret),
      secret_set_at: nowMs,
      role,
      grants: '[]',
      created_at: nowMs,
      last_sign_in_at: null,
      ...NO_ACCOUNT,
      revoked_at: null,
      self_registered: null,
    };
    const isTaken = (await findUserByLogin(db, login)) !== null;
    const outcome = isTaken ? null : await db.commit([insertPrincipal(db, row)]);
    if (outcome?.kind !== 'committed') throw new AppError('NAME_TAKEN');
    return { user: toUserRecord(row), password: password === undefined ? secret : null };
  }

  /**
   * Changes the role of a user, disables it (every token of it is refused) or enables it again; at once. One that is linked to
   * an account at the OpenID provider loses its password and its tokens. Throws OWN_ACCOUNT, USER_FROM_OIDC, SUBJECT_TAKEN.
   */
  async change(principal: Principal, idOrName: string, change: UserChange): Promise<UserRecord> {
    requirePermission(principal, 'people.manage');
    const { db, clock, sessions } = this.#deps;
    const row = await this.#load(idOrName);
    if (row.id === principal.id) throw new AppError('OWN_ACCOUNT');
    if (change.role !== undefined) refuseOidcUser(row);
    const link = await this.#toLink(row, change.oidc);
    const columns = {
      ...link,
      ...(change.role !== undefined && { role: change.role }),
      ...(change.disabled !== undefined && { revoked_at: change.disabled ? clock.nowMs() : null }),
    };
    // Whoever is let in again, or another way, signs in again: an old session may be in other hands.
    const isEnded = change.disabled === true || link !== null;
    const ended = isEnded ? [deleteTokensOf(db, row.id)] : [];
    if (Object.keys(columns).length > 0)
      await commitAll(this.#deps.db, [updateUser(db, row.id, columns), ...ended]);
    sessions.recheck();
    return toUserRecord(await this.#load(row.id));
  }

  /** Gives a user a new password, drawn without one, and ends every token of it. Throws PASSWORD_REFUSED, USER_FROM_OIDC. */
  async reset(
    principal: Principal,
    idOrName: string,
    password?: string,
  ): Promise<{ user: UserRecord; password: string | null }> {
    requirePermission(principal, 'people.manage');
    const row = await this.#load(idOrName);
    // One's own is changed with the current password, so that a stolen session does not take the account.
    if (row.id === principal.id) throw new AppError('OWN_ACCOUNT');
    refuseOidcUser(row);
    if (password !== undefined) checkPassword(password, row.login ?? '');
    const secret = password ?? drawPassword(this.#deps.random);
    await this.#setPassword(row, secret, [deleteTokensOf(this.#deps.db, readPrincipal(row).id)]);
    const user = toUserRecord(await this.#load(row.id));
    return { user, password: password === undefined ? secret : null };
  }

  /**
   * Replaces one's own password; every other session and key of the user ends. Throws UNAUTHORIZED for a wrong current password,
   * PASSWORD_REFUSED, USER_FROM_OIDC, FORBIDDEN for anyone but a user.
   */
  async changePassword(session: Session, current: string, next: string): Promise<void> {
    const { db, passwords, limit } = this.#deps;
    const { principal, tokenHash } = session;
    if (principal.kind !== 'user') throw new AppError('FORBIDDEN', { needs: 'user' });
    const row = await this.#load(principal.id);
    refuseOidcUser(row);
    const attempt = { login: row.login ?? '', address: `session of ${principal.id}`, isFamiliar: true };
    limit.check(attempt);
    if (!(await passwords.matches(current, row.secret_hash, 'first'))) throw new AppError('UNAUTHORIZED');
    limit.forgive(attempt);
    checkPassword(next, row.login ?? '');
    await this.#setPassword(row, next, [deleteBearersOf(db, principal.id, { except: tokenHash })]);
  }

  /** Ends every session and key of a user. */
  async signOut(principal: Principal, idOrName: string): Promise<void> {
    requirePermission(principal, 'people.manage');
    const { id } = readPrincipal(await this.#load(idOrName));
    await commitAll(this.#deps.db, [deleteTokensOf(this.#deps.db, id)]);
    this.#deps.sessions.recheck();
  }

  /**
   * Signs a user in. Unknown names, wrong passwords and disabled users cannot be distinguished: UNAUTHORIZED.
   * SAMPLE_PASSWORD for admin/admin of the documents, RATE_LIMITED after many wrong tries.
   */
  async signIn(
    name: string,
    password: string,
    options: { purpose: BearerPurpose; origin: TokenOrigin },
  ): Promise<{ issued: IssuedToken; user: UserRecord }> {
    const { db, clock, passwords, limit, sessions } = this.#deps;
    const login = toLogin(name);
    const row = await findUserByLogin(db, login);
    const address = options.origin.address ?? '';
    // An address that the user has a session from is not slowed by the guesses of others.
    const isFamiliar = row !== null && (await hasTokenFrom(db, row.id, address));
    const attempt = { login, address, isFamiliar };
    limit.check(attempt);
    const turn = isFamiliar ? 'first' : 'last';
    const isMatch = await passwords.matches(password, row?.secret_hash ?? null, turn);
    if (!row || !isMatch || row.revoked_at !== null) {
      const isSample = login === 'admin' && password === 'admin';
      throw new AppError(isSample ? 'SAMPLE_PASSWORD' : 'UNAUTHORIZED');
    }
    limit.forgive(attempt);
    const { issued, write } = sessions.draw(row.id, options.purpose, options.origin);
    // Refused if the password was replaced or the user disabled while this one was checked.
    const outcome = await db.commit([recordSignIn(db, row, clock.nowMs()), write]);
    if (outcome.kind === 'refused') throw new AppError('UNAUTHORIZED');
    return { issued, user: toUserRecord(row) };
  }

  async #setPassword(row: PrincipalRow, password: string, writes: readonly Write[]): Promise<void> {
    const { db, clock, passwords, sessions, onPasswordSet } = this.#deps;
    const secret = { hash: await passwords.hash(password), nowMs: clock.nowMs() };
    const outcome = await db.commit([updateSecret(db, row.id, secret), ...writes]);
    // Disabled users keep the password that they have.
    if (outcome.kind === 'refused') throw new AppError('USER_DISABLED');
    sessions.recheck();
    await onPasswordSet(row.login ?? '');
  }

  /** The columns that link a user to an account, or unlink it: then it has no password until a reset. Null: nothing changes. */
  async #toLink(row: PrincipalRow, account: OidcAccount | null | undefined) {
    if (account === undefined || (account === null && row.oidc_key === null)) return null;
    const noPassword = { secret_hash: null, secret_set_at: null };
    if (account === null) return { ...NO_ACCOUNT, ...noPassword };
    const other = await findUserByAccount(this.#deps.db, toAccountKey(account));
    if (other !== null && other.id !== row.id) throw new AppError('SUBJECT_TAKEN');
    return { ...toAccountColumns(account), ...noPassword };
  }

  async #load(idOrName: string): Promise<PrincipalRow> {
    const row = await findByIdOrName(this.#deps.db, idOrName);
    if (row?.kind !== 'user') throw new AppError('USER_NOT_FOUND');
    return row;
  }
}

/** Throws USER_FROM_OIDC for a user whose password and role are the provider's. */
function refuseOidcUser(row: PrincipalRow): void {
  if (row.oidc_key !== null) throw new AppError('USER_FROM_OIDC');
}
