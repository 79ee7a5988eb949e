import { parseId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { commitAll } from './commit-all.ts';
import { drawToken } from './draw-token.ts';
import type { IdentityTables } from './identity-tables.ts';
import { may, type Principal, requirePermission } from './principal.ts';
import { hashSecret, hasSecretForm } from './secret.ts';
import type { Sessions } from './sessions.ts';
import {
  deleteToken,
  findToken,
  insertToken,
  type ListedTokenRow,
  listTokenRows,
  useToken,
} from './token-statements.ts';

/** `invite`: registers one client. `join`: lets workers register. */
export type NamedPurpose = 'invite' | 'join';

const MAX_TOKENS = 1000;

/**
 * Tokens of one purpose that holders of people.manage hand out: named, expiring, listed and revocable. One ends with the right of
 * whoever created it. Managing them throws FORBIDDEN without the permission.
 */
export class NamedTokens {
  readonly #db: Database<IdentityTables>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sessions: Sessions;
  readonly #purpose: NamedPurpose;

  constructor(
    deps: { db: Database<IdentityTables>; clock: Clock; random: Random; sessions: Sessions },
    purpose: NamedPurpose,
  ) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#sessions = deps.sessions;
    this.#purpose = purpose;
  }

  /** Creates a token; its text is shown once. `lifetimeMs` null: does not expire. Throws CONFLICT above the limit. */
  async create(
    principal: Principal,
    request: { name: string; lifetimeMs: number | null },
  ): Promise<{ row: ListedTokenRow; text: string }> {
    const existing = await this.list(principal);
    if (existing.length >= MAX_TOKENS)
      throw new AppError('CONFLICT', { reason: 'too_many', limit: MAX_TOKENS });
    const { text, row } = drawToken(
      { clock: this.#clock, random: this.#random },
      { kind: this.#purpose, purpose: this.#purpose, principalId: principal.id, ...request },
    );
    await commitAll(this.#db, [insertToken(this.#db, row)]);
    return { row: { ...row, owner_name: principal.name }, text };
  }

  /** Lists everyone's that have not ended, newest first. */
  async list(principal: Principal): Promise<ListedTokenRow[]> {
    requirePermission(principal, 'people.manage');
    const filter = { purposes: [this.#purpose], nowMs: this.#clock.nowMs(), limit: MAX_TOKENS };
    return listTokenRows(this.#db, { ...filter, principalId: null });
  }

  /** Ends a token, whoever created it. Throws TOKEN_NOT_FOUND. */
  async revoke(principal: Principal, tokenId: string): Promise<void> {
    requirePermission(principal, 'people.manage');
    const id = parseId<'token'>(tokenId);
    if (id === null) throw new AppError('TOKEN_NOT_FOUND');
    const ending = deleteToken(this.#db, id, { principalId: null, purposes: [this.#purpose] });
    const outcome = await this.#db.commit([ending]);
    if (outcome.kind === 'refused') throw new AppError('TOKEN_NOT_FOUND');
  }

  /** Returns whether the text is a token that is still valid, and records its use. */
  async isValid(text: string): Promise<boolean> {
    if (!hasSecretForm(text, this.#purpose)) return false;
    const hash = hashSecret(text);
    const found = await findToken(this.#db, hash, [this.#purpose]);
    const isExpired = found?.expiresAtMs != null && found.expiresAtMs <= this.#clock.nowMs();
    if (!found || isExpired || !may(found.principal, 'people.manage')) return false;
    this.#sessions.recordUse(hash);
    return true;
  }

  /** The write that uses a token once; null if it is not valid. Refused if another one uses it first, or it has expired. */
  async findUse(text: string): Promise<Write | null> {
    if (!(await this.isValid(text))) return null;
    return useToken(this.#db, hashSecret(text), this.#purpose, this.#clock.nowMs());
  }
}
