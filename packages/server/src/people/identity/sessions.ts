import { type PrincipalId, parseId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { loadMemberships } from '../projects/memberships.ts';
import type { ProjectTables } from '../projects/project-tables.ts';
import { commitAll } from './commit-all.ts';
import { drawToken, type TokenOrigin } from './draw-token.ts';
import { hashSecret, hasSecretForm } from './secret.ts';
import { type Session, SessionCache } from './session-cache.ts';
import {
  BEARERS,
  deleteExpiredTokens,
  deleteSignIn,
  deleteSignIns,
  deleteToken,
  extendSignIn,
  FROM_OIDC,
  findToken,
  insertToken,
  type ListedTokenRow,
  listTokenRows,
  type TokenPurpose,
  touchToken,
  useToken,
} from './token-statements.ts';

/** Read at each use: they may change. */
export interface SessionOptions {
  readonly tokenLifetimeMs: number;
  /** Of a browser's sign-in, since its last visit. */
  readonly signInLifetimeMs: number;
  /** Of a browser's sign-in through the OpenID provider, since it began. */
  readonly oidcLifetimeMs: number;
}

export interface IssuedToken {
  /** Shown once; only its hash is stored. */
  token: string;
  expiresAtMs: number;
  lifetimeMs: number;
  principalId: PrincipalId;
}

/** What a token is issued for: a program, or a browser's sign-in. */
export type BearerPurpose = 'access' | 'browser';

const CODE_LIFETIME_MS = 600_000;
/** Of the code that brings a browser from the OpenID provider's response to the page. */
const OIDC_CODE_LIFETIME_MS = 60_000;
const MAX_LISTED = 1000;
const MAX_USES = 10_000;
/** Purposes that are listed as sessions. */
const SESSIONS: readonly TokenPurpose[] = ['access', 'browser'];

/** Bearer tokens and what they stand for. An ended token, or one of a revoked principal, is refused at once. */
export class Sessions {
  readonly #db: Database<ProjectTables>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: SessionOptions;
  readonly #cache = new SessionCache({ maxAgeMs: 1000, limit: 10_000 });
  readonly #listeners = new Set<() => void>();
  /** Changes of tokens and principals so far. */
  #changes = 0;
  /** Tokens used since the last write, by hash. */
  readonly #uses = new Map<string, number>();

  constructor(deps: { db: Database<ProjectTables>; clock: Clock; random: Random }, options: SessionOptions) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#options = options;
  }

  /** Returns the session of a token. Throws UNAUTHORIZED for anything else. */
  async authenticate(token: string): Promise<Session> {
    if (!hasSecretForm(token, 'token') && !hasSecretForm(token, 'key')) throw new AppError('UNAUTHORIZED');
    const session = await this.#loadSession(hashSecret(token));
    if (!session) throw new AppError('UNAUTHORIZED');
    return session;
  }

  /** Returns the current session, at most 1 s old; null if its token or principal is no longer valid. */
  refresh(session: Session): Promise<Session | null> {
    return this.#loadSession(session.tokenHash);
  }

  /** Draws a bearer token and the write that stores it, for a transaction of the caller. */
  draw(principalId: PrincipalId, purpose: BearerPurpose | 'oidc', origin?: TokenOrigin) {
    const lifetimeMs = this.#lifetimeOf(purpose);
    const drawn = { kind: 'token', principalId, lifetimeMs, ...(origin && { origin }) } as const;
    const use = purpose === 'oidc' ? ({ purpose: 'browser', name: FROM_OIDC } as const) : { purpose };
    const { text, row } = drawToken({ clock: this.#clock, random: this.#random }, { ...drawn, ...use });
    const expiresAtMs = row.created_at + lifetimeMs;
    const issued: IssuedToken = { token: text, expiresAtMs, lifetimeMs, principalId };
    return { issued, write: insertToken(this.#db, row) };
  }

  /** Issues a bearer token to a principal whose credentials were checked. */
  async issue(principalId: PrincipalId, purpose: BearerPurpose, origin?: TokenOrigin): Promise<IssuedToken> {
    const { issued, write } = this.draw(principalId, purpose, origin);
    await commitAll(this.#db, [write]);
    return issued;
  }

  /** Creates the code of a sign-in link; it can be exchanged for a browser's sign-in once within ten minutes. */
  async createSignInCode(principalId: PrincipalId): Promise<{ code: string; expiresAtMs: number }> {
    const { text, row } = drawToken(
      { clock: this.#clock, random: this.#random },
      { kind: 'code', purpose: 'sign_in', principalId, lifetimeMs: CODE_LIFETIME_MS },
    );
    await commitAll(this.#db, [insertToken(this.#db, row)]);
    return { code: text, expiresAtMs: row.created_at + CODE_LIFETIME_MS };
  }

  /** Draws the one-time code of a sign-in through the OpenID provider, valid for a minute, and the write that stores it. */
  drawOidcCode(principalId: PrincipalId) {
    const { text, row } = drawToken(
      { clock: this.#clock, random: this.#random },
      { kind: 'code', purpose: 'sign_in', principalId, lifetimeMs: OIDC_CODE_LIFETIME_MS, name: FROM_OIDC },
    );
    return { code: text, write: insertToken(this.#db, row) };
  }

  /** Exchanges a sign-in code for a browser's token. Throws UNAUTHORIZED if it is used, expired or unknown. */
  async exchangeCode(code: string, origin?: TokenOrigin): Promise<IssuedToken> {
    if (!hasSecretForm(code, 'code')) throw new AppError('UNAUTHORIZED');
    const hash = hashSecret(code);
    const found = await findToken(this.#db, hash, ['sign_in']);
    if (!found) throw new AppError('UNAUTHORIZED');
    const { issued, write } = this.draw(found.principal.id, found.isFromOidc ? 'oidc' : 'browser', origin);
    const outcome = await this.#db.commit([useToken(this.#db, hash, 'sign_in', this.#clock.nowMs()), write]);
    if (outcome.kind === 'refused') throw new AppError('UNAUTHORIZED');
    return issued;
  }

  #lifetimeOf(purpose: BearerPurpose | 'oidc'): number {
    const { tokenLifetimeMs, signInLifetimeMs, oidcLifetimeMs } = this.#options;
    switch (purpose) {
      case 'oidc':
        return oidcLifetimeMs;
      case 'browser':
        return signInLifetimeMs;
      case 'access':
        return tokenLifetimeMs;
    }
  }

  /**
   * Extends a browser's sign-in from now; every other token, and a sign-in through the OpenID provider, keeps its expiry. Returns the token's expiry, null for never.
   * Throws UNAUTHORIZED if it has ended.
   */
  async renew(session: Session): Promise<number | null> {
    if (session.purpose !== 'browser' || session.isFromOidc) return session.expiresAtMs;
    const expiresAtMs = this.#clock.nowMs() + this.#options.signInLifetimeMs;
    const outcome = await this.#db.commit([extendSignIn(this.#db, session.tokenHash, expiresAtMs)]);
    this.#cache.clear();
    if (outcome.kind === 'refused') throw new AppError('UNAUTHORIZED');
    return expiresAtMs;
  }

  /** Ends a browser's sign-in, or those of all browsers of its principal. Tokens of programs remain. */
  async signOut({ tokenHash, principal }: Session, from: 'here' | 'everywhere'): Promise<void> {
    const ending =
      from === 'here' ? deleteSignIn(this.#db, tokenHash) : deleteSignIns(this.#db, principal.id);
    await commitAll(this.#db, [ending]);
    this.recheck();
  }

  /** Lists the sessions of a principal that have not ended, newest first. */
  list(principalId: PrincipalId): Promise<ListedTokenRow[]> {
    const filter = { principalId, purposes: SESSIONS, nowMs: this.#clock.nowMs(), limit: MAX_LISTED };
    return listTokenRows(this.#db, filter);
  }

  /** Ends one session of a principal. Throws TOKEN_NOT_FOUND. */
  async end(principalId: PrincipalId, tokenId: string): Promise<void> {
    const id = parseId<'token'>(tokenId);
    if (id === null) throw new AppError('TOKEN_NOT_FOUND');
    const outcome = await this.#db.commit([deleteToken(this.#db, id, { principalId, purposes: SESSIONS })]);
    if (outcome.kind === 'refused') throw new AppError('TOKEN_NOT_FOUND');
    this.recheck();
  }

  /** Empties the cache and lets everything that uses a session check it again, after a change of tokens or principals. */
  recheck(): void {
    this.#changes += 1;
    this.#cache.clear();
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls `listener` after each change of tokens or principals; returns a function that stops this. */
  onRecheck(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Records that a token is used now; `tidy` stores it. */
  recordUse(tokenHash: string): void {
    if (this.#uses.size < MAX_USES) this.#uses.set(tokenHash, this.#clock.nowMs());
  }

  /** Stores when tokens were last used, and deletes expired ones. */
  async tidy(): Promise<void> {
    const uses = [...this.#uses].map(([hash, usedAtMs]) => touchToken(this.#db, hash, usedAtMs));
    this.#uses.clear();
    await commitAll(this.#db, [...uses, deleteExpiredTokens(this.#db, this.#clock.nowMs())]);
  }

  async #loadSession(tokenHash: string): Promise<Session | null> {
    const monotonicMs = this.#clock.monotonicMs();
    let session = this.#cache.find(tokenHash, monotonicMs);
    if (!session) {
      const changes = this.#changes;
      const found = await findToken(this.#db, tokenHash, BEARERS);
      if (!found) return null;
      const projects = await loadMemberships(this.#db, found.principal.id);
      session = { ...found, principal: { ...found.principal, projects }, tokenHash };
      // What was read before a change may no longer hold.
      if (changes === this.#changes) this.#cache.put(session, monotonicMs);
      this.recordUse(tokenHash);
    }
    const isExpired = session.expiresAtMs !== null && session.expiresAtMs <= this.#clock.nowMs();
    return isExpired ? null : session;
  }
}
