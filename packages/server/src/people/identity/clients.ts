import { createUuidV7, type Grant, parseId, type Role } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import type { TokenOrigin } from './draw-token.ts';
import type { IdentityTables, PrincipalRow } from './identity-tables.ts';
import type { NamedTokens } from './named-tokens.ts';
import { NO_ACCOUNT } from './oidc-account.ts';
import { type ClientRecord, may, type Principal, requirePermission } from './principal.ts';
import {
  findPrincipal,
  insertPrincipal,
  listPrincipalRows,
  readGrants,
  readPrincipal,
  revokeClientRow,
  toClientRecord,
  updateGrants,
  updateSecret,
} from './principal-statements.ts';
import { drawSecret, hashSecret, matchesHash } from './secret.ts';
import type { BearerPurpose, IssuedToken, Sessions } from './sessions.ts';
import { deleteTokensOf } from './token-statements.ts';

/** Who may register a client without an admin: anybody, whoever has an invitation, or nobody. */
export type Registration = 'open' | 'invite' | 'admin';

export interface NewClient {
  name: string;
  description: string | null;
  grants: readonly Grant[];
  role?: Role;
  /** Nobody vouched for it: its quotas are those of strangers. */
  isSelfRegistered?: boolean;
}

const MAX_LISTED = 1000;

/** Registered programs: each has an id and a random secret that is shown once. Managing them throws FORBIDDEN without the permission. */
export class Clients {
  readonly #db: Database<IdentityTables>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sessions: Sessions;
  readonly #invitations: NamedTokens;
  readonly #options: { readonly registration: Registration };

  constructor(
    deps: {
      db: Database<IdentityTables>;
      clock: Clock;
      random: Random;
      sessions: Sessions;
      invitations: NamedTokens;
    },
    options: { readonly registration: Registration },
  ) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#sessions = deps.sessions;
    this.#invitations = deps.invitations;
    this.#options = options;
  }

  /** Creates a client as the setting allows. Throws REGISTRATION_CLOSED, also for an invitation that is not valid. */
  async register(
    principal: Principal | null,
    request: { name: string; description: string | null; invitation?: string | undefined },
  ): Promise<{ client: ClientRecord; secret: string }> {
    const { name, description, invitation } = request;
    const isAdmins = principal !== null && may(principal, 'people.manage');
    const isFree = this.#options.registration === 'open' || isAdmins;
    const using = isFree ? [] : await this.#useInvitation(invitation);
    const isSelfRegistered = isFree && !isAdmins;
    return this.#insert({ name, description, grants: [], isSelfRegistered }, using);
  }

  /** Creates a client without any permission check. */
  create(request: NewClient): Promise<{ client: ClientRecord; secret: string }> {
    return this.#insert(request, []);
  }

  /**
   * Issues a token for a client's id and secret: a program's, or a browser's sign-in. Unknown ids and wrong secrets cannot
   * be distinguished. `admit` is called for valid ones only, and may throw.
   */
  async issueToken(
    clientId: string,
    clientSecret: string,
    options: { purpose?: BearerPurpose; origin?: TokenOrigin; admit?: () => void } = {},
  ): Promise<IssuedToken> {
    const id = parseId<'principal'>(clientId);
    const row = id === null ? null : await findPrincipal(this.#db, id);
    const isMatch = matchesHash(clientSecret, row?.kind === 'client' ? row.secret_hash : null);
    if (!row || !isMatch || row.revoked_at !== null) throw new AppError('UNAUTHORIZED');
    options.admit?.();
    return this.#sessions.issue(readPrincipal(row).id, options.purpose ?? 'access', options.origin);
  }

  async list(principal: Principal): Promise<ClientRecord[]> {
    requirePermission(principal, 'people.manage');
    return (await listPrincipalRows(this.#db, 'client', MAX_LISTED)).map(toClientRecord);
  }

  /** Revokes a client: its tokens are refused from now on. Throws CLIENT_NOT_FOUND; CONFLICT for the caller's own. */
  async revoke(principal: Principal, clientId: string): Promise<ClientRecord> {
    requirePermission(principal, 'people.manage');
    const { id } = readPrincipal(await this.#load(clientId));
    if (id === principal.id) throw new AppError('CONFLICT', { reason: 'own_client' });
    // Refused only if it was already revoked: the same end.
    await this.#db.commit([revokeClientRow(this.#db, id, this.#clock.nowMs())]);
    this.#sessions.recheck();
    return toClientRecord(await this.#load(clientId));
  }

  /** Replaces a client's grants; they apply at once. */
  async setGrants(principal: Principal, clientId: string, grants: readonly Grant[]): Promise<ClientRecord> {
    requirePermission(principal, 'people.manage');
    const row = await this.#load(clientId);
    const { id } = readPrincipal(row);
    if (id === principal.id && !grants.includes('admin'))
      throw new AppError('CONFLICT', { reason: 'own_client' });
    const outcome = await this.#db.commit([updateGrants(this.#db, id, row.grants, grants)]);
    this.#sessions.recheck();
    if (outcome.kind === 'refused' && !isSame(readGrants(row.grants), grants)) throw new AppError('CONFLICT');
    return toClientRecord(await this.#load(clientId));
  }

  /**
   * Gives a client a new secret; the old one, and every token and key of the client, end at once. Throws CLIENT_NOT_FOUND;
   * CONFLICT for the caller's own, whose credential may be in a file.
   */
  async rotate(principal: Principal, clientId: string): Promise<{ client: ClientRecord; secret: string }> {
    requirePermission(principal, 'people.manage');
    const row = await this.#load(clientId);
    const { id } = readPrincipal(row);
    if (id === principal.id) throw new AppError('CONFLICT', { reason: 'own_client' });
    if (row.revoked_at !== null) throw new AppError('CONFLICT', { reason: 'revoked' });
    const secret = drawSecret('secret', this.#random);
    const outcome = await this.#db.commit([
      updateSecret(this.#db, id, { hash: hashSecret(secret), nowMs: this.#clock.nowMs() }),
      deleteTokensOf(this.#db, id),
    ]);
    if (outcome.kind === 'refused') throw new AppError('CLIENT_NOT_FOUND');
    this.#sessions.recheck();
    return { client: toClientRecord(row), secret };
  }

  async #insert(
    request: NewClient,
    using: readonly Write[],
  ): Promise<{ client: ClientRecord; secret: string }> {
    const secret = drawSecret('secret', this.#random);
    const nowMs = this.#clock.nowMs();
    const row: PrincipalRow = {
      id: createUuidV7<'principal'>(nowMs, this.#random.bytes(10)),
      kind: 'client',
      name: request.name,
      login: null,
      description: request.description,
      secret_hash: hashSecret(secret),
      secret_set_at: nowMs,
      role: request.role ?? 'member',
      grants: JSON.stringify(request.grants),
      created_at: nowMs,
      last_sign_in_at: null,
      ...NO_ACCOUNT,
      revoked_at: null,
      self_registered: request.isSelfRegistered === true ? 1 : null,
    };
    const outcome = await this.#db.commit([...using, insertPrincipal(this.#db, row)]);
    // Another registration used the invitation first.
    if (outcome.kind === 'refused') throw new AppError('REGISTRATION_CLOSED');
    return { client: toClientRecord(row), secret };
  }

  /** The write that uses an invitation. Throws REGISTRATION_CLOSED if it is none, or if invitations are not enough. */
  async #useInvitation(invitation: string | undefined): Promise<Write[]> {
    if (this.#options.registration === 'admin' || invitation === undefined)
      throw new AppError('REGISTRATION_CLOSED');
    const use = await this.#invitations.findUse(invitation);
    if (use === null) throw new AppError('REGISTRATION_CLOSED');
    return [use];
  }

  async #load(clientId: string): Promise<PrincipalRow> {
    const id = parseId<'principal'>(clientId);
    const row = id === null ? null : await findPrincipal(this.#db, id);
    if (row?.kind !== 'client') throw new AppError('CLIENT_NOT_FOUND');
    return row;
  }
}

function isSame(a: readonly Grant[], b: readonly Grant[]): boolean {
  return a.length === b.length && a.every((grant) => b.includes(grant));
}
