import { createUuidV7, type Grant, type PrincipalId, parseId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import {
  BEARERS,
  deleteExpiredTokens,
  deleteSignIn,
  deleteSignIns,
  extendSignIn,
  findPrincipal,
  findToken,
  insertPrincipal,
  insertToken,
  listClientRows,
  parseGrants,
  revokePrincipal,
  type TokenPurpose,
  toClientRecord,
  toPrincipal,
  updateGrants,
  useToken,
} from './identity-statements.ts';
import type { IdentityTables, PrincipalRow } from './identity-tables.ts';
import { type ClientRecord, type Principal, requireAdmin } from './principal.ts';
import { drawSecret, hashSecret, hasSecretForm, matchesHash } from './secret.ts';
import { type Session, SessionCache } from './session-cache.ts';

export interface IdentityOptions {
  tokenLifetimeMs: number;
  /** Of a browser's sign-in, since its last visit. */
  signInLifetimeMs: number;
  openRegistration: boolean;
}

export interface IssuedToken {
  /** Shown once; only its hash is stored. */
  token: string;
  expiresAtMs: number;
  lifetimeMs: number;
}

export interface NewClient {
  name: string;
  description: string | null;
  grants: readonly Grant[];
}

const CODE_LIFETIME_MS = 600_000;
const LIST_LIMIT = 1000;

/** Clients, their secrets and their tokens. A revoked client or an expired token is refused at once. */
export class Identity {
  readonly #db: Database<IdentityTables>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #options: IdentityOptions;
  readonly #sessions = new SessionCache({ maxAgeMs: 1000, limit: 10_000 });

  constructor(
    deps: { db: Database<IdentityTables>; clock: Clock; random: Random },
    options: IdentityOptions,
  ) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#options = options;
  }

  /** Returns the session of a token. Throws UNAUTHORIZED for anything else. */
  async authenticate(token: string): Promise<Session> {
    if (!hasSecretForm(token, 'token')) throw new AppError('UNAUTHORIZED');
    const session = await this.#loadSession(hashSecret(token));
    if (!session) throw new AppError('UNAUTHORIZED');
    return session;
  }

  /** Returns the current session, at most 1 s old; null if its token or client is no longer valid. */
  refresh(session: Session): Promise<Session | null> {
    return this.#loadSession(session.tokenHash);
  }

  /** Creates a client. Needs an admin unless registration is open; the secret is shown once. */
  async register(
    principal: Principal | null,
    request: { name: string; description: string | null },
  ): Promise<{ client: ClientRecord; secret: string }> {
    if (!this.#options.openRegistration && !principal?.grants.includes('admin')) {
      throw new AppError('REGISTRATION_CLOSED');
    }
    return this.createClient({ ...request, grants: [] });
  }

  /** Creates a client without any permission check. */
  async createClient(request: NewClient): Promise<{ client: ClientRecord; secret: string }> {
    const secret = drawSecret('secret', this.#random);
    const nowMs = this.#clock.nowMs();
    const row: PrincipalRow = {
      id: createUuidV7<'principal'>(nowMs, this.#random.bytes(10)),
      kind: 'client',
      name: request.name,
      description: request.description,
      secret_hash: hashSecret(secret),
      grants: JSON.stringify(request.grants),
      created_at: nowMs,
      revoked_at: null,
    };
    await this.#commit([insertPrincipal(this.#db, row)]);
    return { client: toClientRecord(row), secret };
  }

  /**
   * Issues a token for a client's id and secret: a program's, or a browser's sign-in. Unknown ids and wrong secrets cannot
   * be distinguished. `admit` is called for valid ones only, and may throw.
   */
  async issueToken(
    clientId: string,
    clientSecret: string,
    { purpose = 'access', admit }: { purpose?: 'access' | 'browser'; admit?: () => void } = {},
  ): Promise<IssuedToken> {
    const id = parseId<'principal'>(clientId);
    const row = id === null ? null : await findPrincipal(this.#db, id);
    const isMatch = matchesHash(clientSecret, row?.secret_hash ?? null);
    if (!row || !isMatch || row.revoked_at !== null) throw new AppError('UNAUTHORIZED');
    admit?.();
    const { issued, row: token } = this.#drawToken(toPrincipal(row).id, purpose);
    await this.#commit([insertToken(this.#db, token)]);
    return issued;
  }

  /** Creates the code of a sign-in link; it can be exchanged for a browser's sign-in once within ten minutes. */
  async createSignInCode(principalId: PrincipalId): Promise<{ code: string; expiresAtMs: number }> {
    const code = drawSecret('code', this.#random);
    const nowMs = this.#clock.nowMs();
    const row = {
      hash: hashSecret(code),
      principal_id: principalId,
      purpose: 'sign_in',
      created_at: nowMs,
      expires_at: nowMs + CODE_LIFETIME_MS,
      used_at: null,
    };
    await this.#commit([insertToken(this.#db, row)]);
    return { code, expiresAtMs: row.expires_at };
  }

  /** Exchanges a sign-in code for a browser's token. Throws UNAUTHORIZED if it is used, expired or unknown. */
  async exchangeCode(code: string): Promise<IssuedToken> {
    if (!hasSecretForm(code, 'code')) throw new AppError('UNAUTHORIZED');
    const hash = hashSecret(code);
    const found = await findToken(this.#db, hash, ['sign_in']);
    if (!found) throw new AppError('UNAUTHORIZED');
    const { issued, row } = this.#drawToken(found.principal.id, 'browser');
    const outcome = await this.#db.commit([
      useToken(this.#db, hash, 'sign_in', row.created_at),
      insertToken(this.#db, row),
    ]);
    if (outcome.kind === 'refused') throw new AppError('UNAUTHORIZED');
    return issued;
  }

  /**
   * Extends a browser's sign-in from now; every other token keeps its expiry. Returns the token's expiry, null for never.
   * Throws UNAUTHORIZED if it has ended.
   */
  async renew(session: Session): Promise<number | null> {
    if (session.purpose !== 'browser') return session.expiresAtMs;
    const expiresAtMs = this.#clock.nowMs() + this.#options.signInLifetimeMs;
    const outcome = await this.#db.commit([extendSignIn(this.#db, session.tokenHash, expiresAtMs)]);
    this.#sessions.clear();
    if (outcome.kind === 'refused') throw new AppError('UNAUTHORIZED');
    return expiresAtMs;
  }

  /** Ends a browser's sign-in, or those of all browsers of its client. Tokens of programs remain. */
  async signOut({ tokenHash, principal }: Session, from: 'here' | 'everywhere'): Promise<void> {
    const ending =
      from === 'here' ? deleteSignIn(this.#db, tokenHash) : deleteSignIns(this.#db, principal.id);
    await this.#commit([ending]);
    this.#sessions.clear();
  }

  async listClients(principal: Principal): Promise<ClientRecord[]> {
    requireAdmin(principal);
    return listClientRows(this.#db, LIST_LIMIT);
  }

  /** Revokes a client: its tokens are refused from now on. */
  async revokeClient(principal: Principal, clientId: string): Promise<ClientRecord> {
    requireAdmin(principal);
    const row = await this.#loadClient(clientId);
    const { id } = toPrincipal(row);
    if (id === principal.id) throw new AppError('CONFLICT', { reason: 'own_client' });
    // Refused only if it was already revoked: the same end.
    await this.#db.commit([revokePrincipal(this.#db, id, this.#clock.nowMs())]);
    this.#sessions.clear();
    return toClientRecord(await this.#loadClient(clientId));
  }

  /** Replaces a client's grants; they apply at once. */
  async setGrants(principal: Principal, clientId: string, grants: readonly Grant[]): Promise<ClientRecord> {
    requireAdmin(principal);
    const row = await this.#loadClient(clientId);
    const { id } = toPrincipal(row);
    if (id === principal.id && !grants.includes('admin'))
      throw new AppError('CONFLICT', { reason: 'own_client' });
    const outcome = await this.#db.commit([updateGrants(this.#db, id, row.grants, grants)]);
    this.#sessions.clear();
    if (outcome.kind === 'refused' && !isSame(parseGrants(row.grants), grants))
      throw new AppError('CONFLICT');
    return toClientRecord(await this.#loadClient(clientId));
  }

  /** Deletes expired tokens and codes. */
  async purgeTokens(): Promise<void> {
    await this.#commit([deleteExpiredTokens(this.#db, this.#clock.nowMs())]);
  }

  /** Empties the cache of sessions. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  async #loadSession(tokenHash: string): Promise<Session | null> {
    const monotonicMs = this.#clock.monotonicMs();
    let session = this.#sessions.find(tokenHash, monotonicMs);
    if (!session) {
      const found = await findToken(this.#db, tokenHash, BEARERS);
      if (!found) return null;
      session = { ...found, tokenHash };
      this.#sessions.put(session, monotonicMs);
    }
    const isExpired = session.expiresAtMs !== null && session.expiresAtMs <= this.#clock.nowMs();
    return isExpired ? null : session;
  }

  async #loadClient(clientId: string): Promise<PrincipalRow> {
    const id = parseId<'principal'>(clientId);
    const row = id === null ? null : await findPrincipal(this.#db, id);
    if (row?.kind !== 'client') throw new AppError('CLIENT_NOT_FOUND');
    return row;
  }

  #drawToken(principalId: PrincipalId, purpose: Exclude<TokenPurpose, 'sign_in'>) {
    const token = drawSecret('token', this.#random);
    const nowMs = this.#clock.nowMs();
    const { tokenLifetimeMs, signInLifetimeMs } = this.#options;
    const lifetimeMs = purpose === 'browser' ? signInLifetimeMs : tokenLifetimeMs;
    const row = {
      hash: hashSecret(token),
      principal_id: principalId,
      purpose,
      created_at: nowMs,
      expires_at: nowMs + lifetimeMs,
      used_at: null,
    };
    return { issued: { token, expiresAtMs: nowMs + lifetimeMs, lifetimeMs }, row };
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    const outcome = await this.#db.commit(writes);
    if (outcome.kind === 'refused') throw new AppError('CONFLICT', { reason: outcome.reason });
  }
}

function isSame(a: readonly Grant[], b: readonly Grant[]): boolean {
  return a.length === b.length && a.every((grant) => b.includes(grant));
}
