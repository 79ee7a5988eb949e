import {
  registerClientSchema,
  registeredClientSchema,
  renewedSchema,
  signedOutSchema,
  signInLinkSchema,
  signOutSchema,
  type Token,
  tokenRequestSchema,
  tokenSchema,
  whoSchema,
} from '@comfleet/contract';
import { z } from 'zod';
import { may, toWho } from '../../people/identity/principal.ts';
import type { IssuedToken } from '../../people/identity/sessions.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { toSignInLink } from '../../platform/http/page-addresses.ts';
import { clientAddressOf, serverAddressOf } from '../../platform/http/request-origin.ts';
import { noteAudit } from '../audit-requests.ts';
import { findRequestSession, principalOf, sessionOf } from '../authentication.ts';
import { GuessLimit } from '../guess-limit.ts';
import type { NativeDeps } from './native-deps.ts';
import { readOrigin } from './token-origin.ts';

/** Guesses of credentials, and registrations, have limits of their own. */
const OWN = { uncounted: 'own_limit' } as const;
const REGISTRATION = {
  ...OWN,
  access: 'optional',
  refusals: ['REGISTRATION_CLOSED', 'RATE_LIMITED'],
} as const;
const CREDENTIALS = { ...OWN, access: 'public', refusals: ['UNAUTHORIZED', 'RATE_LIMITED'] } as const;

/** Adds registration and tokens. */
export function addAuthRoutes(app: HttpServer, deps: NativeDeps): void {
  addTokenRoutes(app, deps);
  addSignInRoutes(app, deps);
}

function addTokenRoutes(app: HttpServer, { identity, clock }: NativeDeps): void {
  const limit = new GuessLimit(clock);

  app.post('/api/v2/auth/register', {
    config: REGISTRATION,
    schema: {
      tags: ['auth'],
      summary: 'Register a client; its secret is shown only once',
      body: registerClientSchema,
      response: { 201: registeredClientSchema },
    },
    handler: async (request, reply) => {
      const { client_name: name, description = null, invitation } = request.body;
      const session = findRequestSession(request);
      // A client outlives the key that would have made it.
      const principal = session === null || session.purpose === 'key' ? null : session.principal;
      if (!principal || !may(principal, 'people.manage')) limit.countRegistration(clientAddressOf(request));
      const made = await identity.clients.register(principal, { name, description, invitation });
      reply.status(201);
      return { client_id: made.client.id, client_secret: made.secret, client_name: made.client.name };
    },
  });

  app.post('/api/v2/auth/token', {
    config: CREDENTIALS,
    schema: {
      tags: ['auth'],
      summary: 'Exchange a client id and secret for a bearer token',
      body: tokenRequestSchema,
      response: { 200: tokenSchema },
    },
    handler: async (request) => {
      const { client_id: id, client_secret: secret, browser } = request.body;
      const purpose = browser === true ? 'browser' : 'access';
      const options = { purpose, origin: readOrigin(request), admit: () => limit.countToken(id) } as const;
      return toToken(
        await limit.guard(clientAddressOf(request), () => identity.clients.issueToken(id, secret, options)),
      );
    },
  });

  app.post('/api/v2/auth/exchange', {
    config: CREDENTIALS,
    schema: {
      tags: ['auth'],
      summary: 'Exchange the one-time code of a sign-in link for the bearer token of a browser',
      body: z.strictObject({ code: z.string().max(200) }),
      response: { 200: tokenSchema },
    },
    handler: async (request) => {
      const exchange = () => identity.sessions.exchangeCode(request.body.code, readOrigin(request));
      const issued = await limit.guard(clientAddressOf(request), exchange);
      noteAudit(request, { objectId: issued.principalId });
      return toToken(issued);
    },
  });

  app.get('/api/v2/auth/me', {
    config: { access: 'client' },
    schema: { tags: ['auth'], summary: 'The caller', response: { 200: whoSchema } },
    handler: async (request) => toWho(principalOf(request)),
  });
}

/** Adds routes to sign browsers in, renew, and sign out. */
function addSignInRoutes(app: HttpServer, { identity, oidc, pageAddresses }: NativeDeps): void {
  app.post('/api/v2/auth/links', {
    // Admins only: a sign-in by link outlives the caller's token.
    config: { access: 'people.manage', keys: 'refused' },
    schema: {
      tags: ['auth'],
      summary: 'Create a link that signs a browser in as the caller; valid once, for ten minutes',
      response: { 201: signInLinkSchema },
    },
    handler: async (request, reply) => {
      const { code, expiresAtMs } = await identity.sessions.createSignInCode(principalOf(request).id);
      const addresses = pageAddresses(serverAddressOf(request));
      reply.status(201);
      return {
        links: addresses.map((address) => toSignInLink(address, code)),
        expires_at: new Date(expiresAtMs).toISOString(),
      };
    },
  });

  app.post('/api/v2/auth/renew', {
    config: { access: 'client' },
    schema: {
      tags: ['auth'],
      summary: "A browser's sign-in lives on from now; any other token keeps its time",
      response: { 200: renewedSchema },
    },
    handler: async (request) => {
      const expiresAtMs = await identity.sessions.renew(sessionOf(request));
      return { expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString() };
    },
  });

  app.post('/api/v2/auth/sign-out', {
    config: { access: 'client', keys: 'refused' },
    schema: {
      tags: ['auth'],
      summary: "End this browser's sign-in, or those of all browsers of the client; tokens of programs stay",
      body: signOutSchema,
      response: { 200: signedOutSchema },
    },
    handler: async (request) => {
      const session = sessionOf(request);
      await identity.sessions.signOut(session, request.body.everywhere ? 'everywhere' : 'here');
      const base = pageAddresses(serverAddressOf(request))[0];
      const page = new URL(`${base}/client/`).href;
      const url = session.isFromOidc ? ((await oidc?.endSessionUrl(page)) ?? null) : null;
      return { end_session_url: url };
    },
  });
}

export function toToken({ token, lifetimeMs, expiresAtMs }: IssuedToken): Token {
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: Math.floor(lifetimeMs / 1000),
    expires_at: new Date(expiresAtMs).toISOString(),
  };
}
