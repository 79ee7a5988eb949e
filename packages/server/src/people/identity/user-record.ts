import { type OidcAccount, type PrincipalId, parseId, type Role, type User } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { IdentityTables, PrincipalRow } from './identity-tables.ts';
import { readAccount } from './oidc-account.ts';
import { findPrincipal, findUserByLogin, readPrincipal } from './principal-statements.ts';

/** A user as admins see it, without its password. */
export interface UserRecord {
  readonly id: PrincipalId;
  readonly name: string;
  readonly role: Role;
  readonly createdAtMs: number;
  readonly disabledAtMs: number | null;
  readonly lastSignInAtMs: number | null;
  readonly passwordSetAtMs: number | null;
  /** Null for users with a password. */
  readonly oidc: OidcAccount | null;
}

const MAX_NAME = 60;
/** Letters, digits and marks of any script, and what names and addresses need. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@+'-]*$/u;

/** The one form in which a name is compared and stored as unique: "Ada " and "ada" are one user. */
export function toLogin(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

/** Finds a user by its name, or any principal by its id. */
export function findByIdOrName(db: Database<IdentityTables>, idOrName: string): Promise<PrincipalRow | null> {
  const id = parseId<'principal'>(idOrName);
  return id === null ? findUserByLogin(db, toLogin(idOrName)) : findPrincipal(db, id);
}

/** Turns what a provider calls a user into a valid name; null if nothing valid is left. Room stays for a number at its end. */
export function toUserName(text: string): string | null {
  const kept = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N} ._@+'-]+/gu, ' ')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .replace(/ {2,}/g, ' ');
  const short = [...kept]
    .slice(0, MAX_NAME / 2)
    .join('')
    .trim();
  return NAME.test(short) ? short : null;
}

/** Returns the name as it is shown. Throws INVALID_REQUEST for one that could be taken for something else. */
export function checkUserName(name: string): string {
  const shown = name.normalize('NFC').trim();
  if (shown.length <= MAX_NAME && NAME.test(shown)) return shown;
  throw new AppError('INVALID_REQUEST', { username: shown.slice(0, MAX_NAME), reason: 'user_name' });
}

export function toUserRecord(row: PrincipalRow): UserRecord {
  const { id, name, role } = readPrincipal(row);
  return {
    ...{ id, name, role },
    createdAtMs: row.created_at,
    disabledAtMs: row.revoked_at,
    lastSignInAtMs: row.last_sign_in_at,
    passwordSetAtMs: row.secret_set_at,
    oidc: readAccount(row),
  };
}

export function toUser(record: UserRecord): User {
  return {
    user_id: record.id,
    username: record.name,
    role: record.role,
    created_at: new Date(record.createdAtMs).toISOString(),
    disabled_at: toTime(record.disabledAtMs),
    last_sign_in_at: toTime(record.lastSignInAtMs),
    password_set_at: toTime(record.passwordSetAtMs),
    oidc: record.oidc,
  };
}

function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
