import type { Role } from '@comfleet/contract';
import { isPlainObject } from '../../platform/config/environment.ts';
import type { OidcSettings, RoleRule } from './settings.ts';

/** What a provider says of a user: the claims of its verified ID token and of its user info. */
export type Claims = Readonly<Record<string, unknown>>;

/** Returns the role that the rules give to a user with these claims: that of the first that matches. Null: refused. */
export function chooseRole(
  { roles, defaultRole }: Pick<OidcSettings, 'roles' | 'defaultRole'>,
  claims: Claims,
): Role | null {
  const rule = roles.find((one) => matches(one, claims));
  return rule === undefined ? defaultRole : rule.role;
}

function matches({ claim, value }: RoleRule, claims: Claims): boolean {
  // Some providers let everybody enter any address.
  if (claim === 'email' && claims.email_verified !== true) return false;
  const found = findClaim(claims, claim);
  return Array.isArray(found) ? found.includes(value) : found === value;
}

/** A claim by its name, or, where none has it, by the names on the way to it: `realm_access.roles`. */
function findClaim(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let found: unknown = claims;
  for (const key of name.split('.')) {
    if (!isPlainObject(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found;
}
