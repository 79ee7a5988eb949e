import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Session } from '../people/identity/session-cache.ts';
import { AppError } from '../platform/errors/app-error.ts';
import { toLimitKey } from '../platform/http/attempt-limit.ts';
import { toRateLimitHeaders, toRetryAfter } from '../platform/http/rate-limits/rate-limit-headers.ts';
import type { RateLimitStore } from '../platform/http/rate-limits/rate-limit-store.ts';
import type { CallerKind, RateLimitSettings } from '../platform/http/rate-limits/settings.ts';
import { clientAddressOf } from '../platform/http/request-origin.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Why requests without credentials are not counted: machines ask for `health`, and `own_limit` has one for guesses. */
    uncounted?: 'health' | 'own_limit';
  }
}

const WINDOW_MS = 60_000;

export interface RequestLimitsDeps {
  store: RateLimitStore;
  /** Read at each request: it may change. */
  settings: () => RateLimitSettings;
  /** Authentication is off: everybody is the owner of this machine. */
  isOpen: boolean;
}

/** Counts requests by their caller, else by their address. Throws RATE_LIMITED with the seconds to wait. */
export class RequestLimits {
  readonly #deps: RequestLimitsDeps;

  constructor(deps: RequestLimitsDeps) {
    this.#deps = deps;
  }

  /** Counts a request of somebody who is signed in. */
  async countCaller({ isSelfRegistered, principal }: Session, reply: FastifyReply): Promise<void> {
    await this.#count(kindOf(principal.kind, isSelfRegistered), principal.id, reply);
  }

  /** Counts a request without valid credentials. */
  async countAddress(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await this.#count('anonymous', toLimitKey(clientAddressOf(request)), reply);
  }

  async #count(kind: CallerKind, who: string, reply: FastifyReply): Promise<void> {
    const { store, settings, isOpen } = this.#deps;
    const limit = settings()[kind];
    if (limit === null || isOpen) return;
    const policy = { name: kind, limit, windowMs: WINDOW_MS };
    const decision = await store.take(`${kind} ${who}`, policy, 1);
    reply.headers(toRateLimitHeaders(policy, decision));
    if (!decision.isAllowed) throw new AppError('RATE_LIMITED', { retry_after: toRetryAfter(decision) });
  }
}

/** What runs on behalf of the server counts as a client. */
function kindOf(kind: Session['principal']['kind'], isSelfRegistered: boolean): CallerKind {
  if (kind === 'user') return 'user';
  return isSelfRegistered ? 'registered_client' : 'client';
}
