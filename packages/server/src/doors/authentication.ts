import { PERMISSIONS, type Permission } from '@comfleet/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Identity } from '../people/identity/identity.ts';
import { type Principal, requirePermission } from '../people/identity/principal.ts';
import type { Session } from '../people/identity/session-cache.ts';
import { AppError } from '../platform/errors/app-error.ts';
import { countHeader } from '../platform/http/count-header.ts';
import { isOwnOrigin } from '../platform/http/request-origin.ts';
import type { RequestLimits } from './request-limits.ts';

/**
 * Who may use a route. `public`: anyone. `optional`: anyone; a token is checked if sent. `client`: any valid token.
 * `link`: a valid token or the route's own signed link. A permission: a valid token with it.
 */
export type Access = 'public' | 'optional' | 'client' | 'link' | Permission;

const PERMISSION_SET: ReadonlySet<string> = new Set(PERMISSIONS);

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** `refused`: API keys may not, whatever their scopes. A leaked key must not outlive itself. */
    keys?: 'refused';
  }
}

export interface AuthenticationOptions {
  identity: Identity;
  /** Session of requests without a token if `auth.enable_client_auth` is off; null if it is on. */
  anonymous: (() => Session | null) | null;
  limits: RequestLimits;
}

const sessions = new WeakMap<FastifyRequest, Session>();

/**
 * Creates the hook that counts a request and checks it against its route's `access`, before its body is read. Without one,
 * everyone is refused. Valid credentials are never counted with the address: others there cannot use up a caller's limit.
 */
export function createAuthentication(
  options: AuthenticationOptions,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const { limits } = options;
  return async (request, reply) => {
    // Unknown addresses have no route; everyone gets 404 or 405.
    if (request.is404) return;
    const { access, keys, uncounted } = request.routeOptions.config;
    if (access === undefined) throw new AppError('FORBIDDEN');
    const session = access === 'public' ? null : await trySession(request, options);
    if (session instanceof AppError) {
      await limits.countAddress(request, reply);
      throw session;
    }
    if (session !== null) {
      sessions.set(request, session);
      await limits.countCaller(session, reply);
      requireAccess(session, { access, keys });
      return;
    }
    // A link is a credential: its route checks it.
    if (access === 'link') return;
    if (uncounted === undefined) await limits.countAddress(request, reply);
    if (access !== 'public' && access !== 'optional') throw new AppError('UNAUTHORIZED');
  };
}

/** Throws FORBIDDEN if a route refuses the keys, or needs a permission that the session lacks. */
function requireAccess(
  { purpose, principal }: Session,
  { access, keys }: { access: Access; keys: 'refused' | undefined },
): void {
  if (purpose === 'key' && keys === 'refused') throw new AppError('FORBIDDEN', { reason: 'api_key' });
  if (isPermission(access)) requirePermission(principal, access);
}

/** Returns whether a route needs a token with a permission. */
export function isPermission(access: Access | undefined): access is Permission {
  return access !== undefined && PERMISSION_SET.has(access);
}

/** Returns null without a token, UNAUTHORIZED for an invalid one. */
async function trySession(
  request: FastifyRequest,
  { identity, anonymous }: AuthenticationOptions,
): Promise<Session | AppError | null> {
  try {
    return await findSession(request, identity, anonymous?.() ?? null);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'UNAUTHORIZED') return thrown;
    throw thrown;
  }
}

/** Returns null without a token. Throws UNAUTHORIZED for an invalid one. */
async function findSession(
  request: FastifyRequest,
  identity: Identity,
  anonymous: Session | null,
): Promise<Session | null> {
  const header = request.headers.authorization;
  if (header === undefined) return anonymous && isOwnOrigin(request) ? anonymous : null;
  const [, token] = /^Bearer ([^\s]{1,200})$/i.exec(header) ?? [];
  if (token === undefined || countHeader(request, 'authorization') > 1) throw new AppError('UNAUTHORIZED');
  return identity.sessions.authenticate(token);
}

/** The session of the request; null if the route allows anonymous ones. */
export function findRequestSession(request: FastifyRequest): Session | null {
  return sessions.get(request) ?? null;
}

/** The session of the request. Throws UNAUTHORIZED if there is none. */
export function sessionOf(request: FastifyRequest): Session {
  const session = sessions.get(request);
  if (!session) throw new AppError('UNAUTHORIZED');
  return session;
}

/** The request's principal. Throws UNAUTHORIZED if none. */
export function principalOf(request: FastifyRequest): Principal {
  return sessionOf(request).principal;
}
