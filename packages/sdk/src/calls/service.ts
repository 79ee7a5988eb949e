import {
  type Health,
  healthSchema,
  type PendingTask,
  type PublicConfig,
  pendingTasksSchema,
  publicConfigSchema,
  type Reloaded,
  type Renewed,
  reloadedSchema,
  renewedSchema,
  type SignedOut,
  type SignInLink,
  signedOutSchema,
  signInLinkSchema,
  type TaskCheck,
  type Token,
  taskCheckSchema,
  tokenSchema,
  type Who,
  whoSchema,
} from '@comfleet/contract';
import { ComfleetError } from '../errors.ts';
import { writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

/** Who we are to the server. */
export class AuthCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  async me(options: CallOptions = {}): Promise<Who> {
    return await this.#transport.json({ ...options, method: 'GET', path: '/api/v2/auth/me' }, whoSchema);
  }

  /** Draws a token with a client's id and secret; with `browser` it is a browser's sign-in. */
  async token(
    clientId: string,
    clientSecret: string,
    { browser, ...options }: CallOptions & { readonly browser?: true } = {},
  ): Promise<Token> {
    const body = writeJson({ client_id: clientId, client_secret: clientSecret, browser });
    return await this.#anonymous('/api/v2/auth/token', body, { ...options, repeatable: true });
  }

  /** A browser's sign-in with a user's name and password. */
  async signIn(username: string, password: string, options: CallOptions = {}): Promise<Token> {
    const body = writeJson({ username, password });
    return await this.#anonymous('/api/v2/auth/sign-in', body, { ...options, repeatable: true });
  }

  /** A link that signs a browser in as the caller, once, within ten minutes. Needs the admin grant. */
  async createSignInLink(options: CallOptions = {}): Promise<SignInLink> {
    const request = { ...options, method: 'POST', path: '/api/v2/auth/links', repeatable: true } as const;
    return await this.#transport.json(request, signInLinkSchema);
  }

  /** Has a browser's sign-in live on from now; any other token keeps its time. */
  async renew(options: CallOptions = {}): Promise<Renewed> {
    const request = { ...options, method: 'POST', path: '/api/v2/auth/renew', repeatable: true } as const;
    return await this.#transport.json(request, renewedSchema);
  }

  /**
   * Ends a browser's sign-in, or those of all browsers of the client. Tokens of programs stay. A browser that signed in through
   * the OpenID provider goes to `end_session_url` to sign out there too.
   */
  async signOut(from: 'here' | 'everywhere', options: CallOptions = {}): Promise<SignedOut> {
    const body = writeJson({ everywhere: from === 'everywhere' });
    const request = {
      ...options,
      method: 'POST',
      path: '/api/v2/auth/sign-out',
      body,
      repeatable: true,
    } as const;
    return await this.#transport.json(request, signedOutSchema);
  }

  /** Trades the one-time code of the sign-in link for a token. */
  async exchange(code: string, options: CallOptions = {}): Promise<Token> {
    return await this.#anonymous('/api/v2/auth/exchange', writeJson({ code }), options);
  }

  async #anonymous(
    path: string,
    body: string,
    options: CallOptions & { repeatable?: boolean },
  ): Promise<Token> {
    return await this.#transport.json(
      { ...options, method: 'POST', path, body, anonymous: true },
      tokenSchema,
    );
  }
}

/** The service as a whole. */
export class ServiceCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  async config(options: CallOptions = {}): Promise<PublicConfig> {
    return await this.#transport.json(
      { ...options, method: 'GET', path: '/api/v2/config' },
      publicConfigSchema,
    );
  }

  /** How the service and its parts are; an answer of 503 with a health body is an answer. */
  async health(options: CallOptions = {}): Promise<Health> {
    try {
      const request = {
        ...options,
        method: 'GET',
        path: '/api/health',
        anonymous: true,
        retries: 0,
      } as const;
      return await this.#transport.json(request, healthSchema);
    } catch (error) {
      const health = error instanceof ComfleetError ? healthSchema.safeParse(error.answer) : null;
      if (health?.success === true) return health.data;
      throw error;
    }
  }

  /** Rereads the workflow files. Needs the admin grant. */
  async reloadWorkflows(options: CallOptions = {}): Promise<Reloaded> {
    const request = { ...options, method: 'POST', path: '/api/v2/tasks/reload', repeatable: true } as const;
    return await this.#transport.json(request, reloadedSchema);
  }

  /** Every open task of ours, with age, workflow, worker and connection; an admin sees everyone's. */
  async pendingTasks(options: CallOptions = {}): Promise<PendingTask[]> {
    const request = { ...options, method: 'GET', path: '/api/fleet/debug/pending' } as const;
    return (await this.#transport.json(request, pendingTasksSchema)).pending;
  }

  /** Has the server ask the worker about one task now, by prompt id or task id, and finish it when it can. */
  async checkTask(promptOrTaskId: string, options: CallOptions = {}): Promise<TaskCheck> {
    const path = `/api/fleet/debug/check/${encodeURIComponent(promptOrTaskId)}`;
    return await this.#transport.json(
      { ...options, method: 'POST', path, repeatable: true },
      taskCheckSchema,
    );
  }
}
