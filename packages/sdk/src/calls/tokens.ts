import {
  type ApiKey,
  type CreatedInvitation,
  type CreatedJoinToken,
  type CreatedKey,
  type CreateKey,
  createdInvitationSchema,
  createdJoinTokenSchema,
  createdKeySchema,
  invitationListSchema,
  joinTokenListSchema,
  keyListSchema,
  type ListedSession,
  type NamedToken,
  sessionListSchema,
} from '@comfleet/contract';
import { writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

/** What a handed-out token is for, and how long it holds; seconds. */
export interface NewNamedToken {
  readonly name: string;
  readonly expires_in?: number | undefined;
}

const SESSIONS = '/api/v2/auth/sessions';
const KEYS = '/api/v2/auth/keys';
const INVITATIONS = '/api/v2/admin/invitations';
const JOIN_TOKENS = '/api/v2/admin/join-tokens';

/** The caller's sessions of browsers and programs. */
export class SessionCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  async list(options: CallOptions = {}): Promise<ListedSession[]> {
    const request = { ...options, method: 'GET', path: SESSIONS } as const;
    return (await this.#transport.json(request, sessionListSchema)).sessions;
  }

  /** Its requests are refused and its live streams close at once. */
  async end(sessionId: string, options: CallOptions = {}): Promise<void> {
    await remove(this.#transport, `${SESSIONS}/${encodeURIComponent(sessionId)}`, options);
  }
}

/** API keys: named tokens of the caller, limited to some of its permissions. */
export class KeyCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** The caller's keys; with `all` everyone's, which needs people.manage. */
  async list({ all, ...options }: CallOptions & { readonly all?: true } = {}): Promise<ApiKey[]> {
    const path = all === true ? `${KEYS}?owner=all` : KEYS;
    return (await this.#transport.json({ ...options, method: 'GET', path }, keyListSchema)).keys;
  }

  /** The key is shown this once. */
  async create(key: CreateKey, options: CallOptions = {}): Promise<CreatedKey> {
    const request = { ...options, method: 'POST', path: KEYS, body: writeJson(key) } as const;
    return await this.#transport.json(request, createdKeySchema);
  }

  async revoke(keyId: string, options: CallOptions = {}): Promise<void> {
    await remove(this.#transport, `${KEYS}/${encodeURIComponent(keyId)}`, options);
  }
}

/** Codes that register one client each. Needs people.manage. */
export class InvitationCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  async list(options: CallOptions = {}): Promise<NamedToken[]> {
    const request = { ...options, method: 'GET', path: INVITATIONS } as const;
    return (await this.#transport.json(request, invitationListSchema)).invitations;
  }

  /** The code is shown this once; it holds for seven days if not told otherwise. */
  async create(invitation: NewNamedToken, options: CallOptions = {}): Promise<CreatedInvitation> {
    const request = { ...options, method: 'POST', path: INVITATIONS, body: writeJson(invitation) } as const;
    return await this.#transport.json(request, createdInvitationSchema);
  }

  async revoke(tokenId: string, options: CallOptions = {}): Promise<void> {
    await remove(this.#transport, `${INVITATIONS}/${encodeURIComponent(tokenId)}`, options);
  }
}

/** Tokens with which workers register themselves. Needs people.manage. */
export class JoinTokenCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  async list(options: CallOptions = {}): Promise<NamedToken[]> {
    const request = { ...options, method: 'GET', path: JOIN_TOKENS } as const;
    return (await this.#transport.json(request, joinTokenListSchema)).join_tokens;
  }

  /** The token is shown this once; it does not expire if not told otherwise. */
  async create(token: NewNamedToken, options: CallOptions = {}): Promise<CreatedJoinToken> {
    const request = { ...options, method: 'POST', path: JOIN_TOKENS, body: writeJson(token) } as const;
    return await this.#transport.json(request, createdJoinTokenSchema);
  }

  /** Workers that registered with it stay. */
  async revoke(tokenId: string, options: CallOptions = {}): Promise<void> {
    await remove(this.#transport, `${JOIN_TOKENS}/${encodeURIComponent(tokenId)}`, options);
  }
}

async function remove(transport: HttpTransport, path: string, options: CallOptions): Promise<void> {
  await transport.send({ ...options, method: 'DELETE', path, repeatable: true }, async () => undefined);
}
