import type { FastifyRequest } from 'fastify';
import type { Identity } from '../people/identity/identity.ts';
import { hasGrant, type Principal } from '../people/identity/principal.ts';
import type { Session } from '../people/identity/session-cache.ts';
import { AppError } from '../platform/errors/app-error.ts';

/**
 * Who may use a route. `public`: anybody. `optional`: anybody, but a bearer is read. `client`: any good bearer.
 * `admin`: a bearer with the admin grant. `link`: a good bearer or the route's own signed link.
 */
export type Access = 'public' | 'optional' | 'client' | 'admin' | 'link';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

export interface AuthenticationOptions {
  identity: Identity;
  /** Stands in for a missing bearer when `auth.enable_client_auth` is off; null when it is on. */
  anonymous: (() => Session | null) | null;
}

const sessions = new WeakMap<FastifyRequest, Session>();

/** The hook that lets a request in or not, by its route's `access`. A route that has none lets nobody in. */
export function createAuthentication({
  identity,
  anonymous,
}: AuthenticationOptions): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    // Unknown addresses have no route; they answer 404 or 405 to everybody.
    if (request.is404) return;
    const access = request.routeOptions.config.access;
    if (access === undefined) throw new AppError('FORBIDDEN');
    if (access === 'public') return;
    const session = await findSession(request, identity, anonymous?.() ?? null);
    if (session) sessions.set(request, session);
    else if (access !== 'optional' && access !== 'link') throw new AppError('UNAUTHORIZED');
    if (access === 'admin' && session && !hasGrant(session.principal, 'admin')) {
      throw new AppError('FORBIDDEN', { needs: 'admin' });
    }
  };
}

/** Null without a bearer. Throws UNAUTHORIZED for a bearer that is not good. */
async function findSession(
  request: FastifyRequest,
  identity: Identity,
  anonymous: Session | null,
): Promise<Session | null> {
  const header = request.headers.authorization;
  if (header === undefined) return anonymous && isOwnOrigin(request) ? anonymous : null;
  const [, token] = /^Bearer ([^\s]{1,200})$/i.exec(header) ?? [];
  if (token === undefined) throw new AppError('UNAUTHORIZED');
  return identity.authenticate(token);
}

/** False for a request that a browser sends on behalf of another site's page. */
export function isOwnOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** The session of the request; null where the route lets strangers in. */
export function findRequestSession(request: FastifyRequest): Session | null {
  return sessions.get(request) ?? null;
}

/** The session of the request. Throws UNAUTHORIZED when there is none. */
export function sessionOf(request: FastifyRequest): Session {
  const session = sessions.get(request);
  if (!session) throw new AppError('UNAUTHORIZED');
  return session;
}

/** Who asks. Throws UNAUTHORIZED for a stranger. */
export function principalOf(request: FastifyRequest): Principal {
  return sessionOf(request).principal;
}
