import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type OidcSignIn, PENDING_MS } from '../../people/oidc/oidc-sign-in.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { AttemptLimit } from '../../platform/http/attempt-limit.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { clientAddressOf, serverAddressOf } from '../../platform/http/request-origin.ts';
import { noteAudit } from '../audit-requests.ts';
import type { NativeDeps } from './native-deps.ts';

const START = '/api/v2/auth/oidc/sign-in';
const CALLBACK = '/api/v2/auth/oidc/callback';
const PAGE = '/client/';
/** Of one address, in a minute. Each may be finished once, so this limits the requests to the provider too. */
const STARTS = { max: 60, windowMs: 60_000 };

/** A path of the page, to which the browser returns; never another site. */
const returnSchema = z
  .string()
  .max(500)
  .regex(/^\/client(?:[/?][\x21\x24-\x5b\x5d-\x7e]*)?$/)
  .refine((path) => new URL(path, 'http://page').pathname.startsWith('/client'));

/** Adds the two addresses that browsers visit to sign in through the OpenID provider. Both end on the page. */
export function addOidcRoutes(app: HttpServer, deps: NativeDeps): void {
  const { oidc, clock } = deps;
  const starts = new AttemptLimit(clock, STARTS);

  app.get(START, {
    config: { access: 'public', uncounted: 'own_limit' },
    schema: { hide: true, querystring: z.strictObject({ return_to: returnSchema.default(PAGE) }) },
    handler: (request, reply) =>
      endOnPage(request, reply, deps, async () => {
        const client = clientAddressOf(request);
        if (!starts.allows(client)) throw new AppError('RATE_LIMITED');
        starts.count(client);
        const redirectUri = new URL(`${baseOf(request, deps)}${CALLBACK}`).href;
        const place = { redirectUri, returnTo: request.query.return_to };
        const { url, pending } = await required(oidc).begin(place);
        reply.header('set-cookie', toCookie(isSecure(redirectUri), pending));
        return url;
      }),
  });

  app.get(CALLBACK, {
    config: { access: 'public' },
    // Providers add parameters of their own; what counts is checked by the library.
    schema: { hide: true, querystring: z.looseObject({}) },
    handler: (request, reply) =>
      endOnPage(request, reply, deps, async () => {
        const secure = isSecure(baseOf(request, deps));
        reply.header('set-cookie', toCookie(secure, null));
        const search = request.url.slice(request.url.indexOf('?') + 1);
        const kept = readCookie(request, cookieName(secure));
        const { code, principalId, returnTo } = await required(oidc).finish(search, kept);
        noteAudit(request, { objectId: principalId });
        deps.logger.info('oidc.signed_in', { requestId: request.id, principalId });
        return `${returnTo}#code=${code}`;
      }),
  });
}

/** The address of this server as the browser knows it. */
function baseOf(request: FastifyRequest, { pageAddresses }: NativeDeps): string {
  const address = serverAddressOf(request);
  return pageAddresses(address)[0] ?? address;
}

function required(oidc: OidcSignIn | null): OidcSignIn {
  if (oidc === null) throw new AppError('OIDC_OFF');
  return oidc;
}

/** Redirects to the address of `work`; to the sign-in page with the code of the error if it is refused. */
async function endOnPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { logger }: Pick<NativeDeps, 'logger'>,
  work: () => Promise<string>,
): Promise<FastifyReply> {
  try {
    return reply.redirect(await work(), 303);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const { code, details, cause } = thrown;
    noteAudit(request, { outcome: 'denied', code });
    const reason = cause instanceof Error ? cause.message : null;
    logger.warn('oidc.refused', { requestId: request.id, code, reason, ...details });
    return reply.redirect(`${PAGE}#sign_in_error=${code}`, 303);
  }
}

function isSecure(address: string): boolean {
  return address.startsWith('https:');
}

/** With `__Host-` browsers refuse it from other hosts and without https. */
function cookieName(secure: boolean): string {
  return secure ? '__Host-comfleet-oidc' : 'comfleet-oidc';
}

/** The cookie with a pending sign-in, for the callback alone; null deletes it. Lax: the provider's redirect brings it along. */
function toCookie(secure: boolean, pending: string | null): string {
  const place = secure ? 'Path=/; Secure' : `Path=${CALLBACK}`;
  const age = pending === null ? 0 : PENDING_MS / 1000;
  return `${cookieName(secure)}=${pending ?? ''}; ${place}; Max-Age=${age}; HttpOnly; SameSite=Lax`;
}

function readCookie({ headers }: FastifyRequest, name: string): string | null {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([key]) => key === name)?.[1] ?? null;
}
