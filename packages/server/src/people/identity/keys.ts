import { type Permission, parseId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { commitAll } from './commit-all.ts';
import { drawToken } from './draw-token.ts';
import type { IdentityTables } from './identity-tables.ts';
import { may, type Principal, requirePermission } from './principal.ts';
import type { Sessions } from './sessions.ts';
import {
  deleteToken,
  insertToken,
  type ListedTokenRow,
  listTokenRows,
  type TokenPurpose,
} from './token-statements.ts';

export interface NewKey {
  readonly name: string;
  /** Null: all that the owner may do now. */
  readonly scopes: readonly Permission[] | null;
  /** Null: does not expire. */
  readonly lifetimeMs: number | null;
}

const PURPOSES: readonly TokenPurpose[] = ['key'];
const MAX_KEYS = 100;
const MAX_LISTED = 1000;

/** API keys: named tokens of a principal, limited to some of its permissions, for programs that cannot sign in. */
export class Keys {
  readonly #db: Database<IdentityTables>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sessions: Sessions;
  /** Keys are created one after the other, so that the limit holds. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: { db: Database<IdentityTables>; clock: Clock; random: Random; sessions: Sessions }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#sessions = deps.sessions;
  }

  /** Creates a key; its text is shown once. Throws FORBIDDEN for a scope that the owner lacks, and CONFLICT above the limit. */
  create(owner: Principal, key: NewKey): Promise<{ row: ListedTokenRow; key: string }> {
    for (const scope of key.scopes ?? []) requirePermission(owner, scope);
    const made = this.#turn.then(() => this.#insert(owner, key));
    // The next key does not depend on the outcome of this one.
    this.#turn = made.catch(() => null);
    return made;
  }

  /** Lists the keys of a principal, or everyone's; newest first. Throws FORBIDDEN for everyone's without the permission. */
  list(principal: Principal, of: 'own' | 'all'): Promise<ListedTokenRow[]> {
    if (of === 'all') requirePermission(principal, 'people.manage');
    const principalId = of === 'all' ? null : principal.id;
    const filter = { principalId, purposes: PURPOSES, nowMs: this.#clock.nowMs(), limit: MAX_LISTED };
    return listTokenRows(this.#db, filter);
  }

  /** Ends a key of the principal, or anyone's with people.manage. Throws TOKEN_NOT_FOUND. */
  async revoke(principal: Principal, keyId: string): Promise<void> {
    const principalId = may(principal, 'people.manage') ? null : principal.id;
    const id = parseId<'token'>(keyId);
    if (id === null) throw new AppError('TOKEN_NOT_FOUND');
    const outcome = await this.#db.commit([deleteToken(this.#db, id, { principalId, purposes: PURPOSES })]);
    if (outcome.kind === 'refused') throw new AppError('TOKEN_NOT_FOUND');
    this.#sessions.recheck();
  }

  async #insert(
    owner: Principal,
    { name, scopes, lifetimeMs }: NewKey,
  ): Promise<{ row: ListedTokenRow; key: string }> {
    const filter = { purposes: PURPOSES, nowMs: this.#clock.nowMs(), limit: MAX_KEYS };
    const existing = await listTokenRows(this.#db, { ...filter, principalId: owner.id });
    if (existing.length >= MAX_KEYS) throw new AppError('CONFLICT', { reason: 'too_many', limit: MAX_KEYS });
    const { text, row } = drawToken(
      { clock: this.#clock, random: this.#random },
      {
        ...{ kind: 'key', purpose: 'key', principalId: owner.id, lifetimeMs, name },
        scopes: scopes ?? owner.permissions,
      },
    );
    await commitAll(this.#db, [insertToken(this.#db, row)]);
    return { row: { ...row, owner_name: owner.name }, key: text };
  }
}
