import {
  type OidcAccount,
  type Role,
  type User,
  type UserPassword,
  userListSchema,
  userPasswordSchema,
  userSchema,
} from '@comfleet/contract';
import { writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

/** What a new user may have besides its name; a member without a role, a password that is made without one. */
export interface NewUserOptions extends CallOptions {
  role?: Role;
  password?: string;
}

/** Everything about the people that may use the server. Needs the permission `people.manage`. A user is an id or a name. */
export class UserCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  async list(options: CallOptions = {}): Promise<User[]> {
    const request = { ...options, method: 'GET', path: '/api/v2/admin/users' } as const;
    return (await this.#transport.json(request, userListSchema)).users;
  }

  /** Creates a user; a password that was made is shown this once. */
  async add(username: string, { role, password, ...options }: NewUserOptions = {}): Promise<UserPassword> {
    const body = writeJson({ username, role, password });
    const request = { ...options, method: 'POST', path: '/api/v2/admin/users', body } as const;
    return await this.#transport.json(request, userPasswordSchema);
  }

  /** Changes the role of a user; it applies at once. */
  setRole(user: string, role: Role, options: CallOptions = {}): Promise<User> {
    return this.#change(user, { role }, options);
  }

  /** Refuses every token of a user from now on. */
  disable(user: string, options: CallOptions = {}): Promise<User> {
    return this.#change(user, { disabled: true }, options);
  }

  enable(user: string, options: CallOptions = {}): Promise<User> {
    return this.#change(user, { disabled: false }, options);
  }

  /** Links a user to an account at the OpenID provider (`iss` and `sub` of its ID tokens); its password and sessions end. */
  link(user: string, oidc: OidcAccount, options: CallOptions = {}): Promise<User> {
    return this.#change(user, { oidc }, options);
  }

  /** Ends the link of a user, and its sessions; `reset` gives it a password. */
  unlink(user: string, options: CallOptions = {}): Promise<User> {
    return this.#change(user, { oidc: null }, options);
  }

  /** Gives a user a new password, shown this once, and ends its sessions and keys. */
  async reset(user: string, options: CallOptions = {}): Promise<UserPassword> {
    const request = { ...options, method: 'POST', path: `${pathOf(user)}/reset`, body: '{}' } as const;
    return await this.#transport.json(request, userPasswordSchema);
  }

  async #change(
    user: string,
    change: { role?: Role; disabled?: boolean; oidc?: OidcAccount | null },
    options: CallOptions,
  ): Promise<User> {
    const body = writeJson(change);
    const request = { ...options, method: 'PATCH', path: pathOf(user), body, repeatable: true } as const;
    return await this.#transport.json(request, userSchema);
  }
}

function pathOf(user: string): string {
  return `/api/v2/admin/users/${encodeURIComponent(user)}`;
}
