import {
  clientListSchema,
  clientSchema,
  GRANTS,
  registerClientSchema,
  registeredClientSchema,
  renewedSchema,
  signInLinkSchema,
  signOutSchema,
  type Token,
  tokenRequestSchema,
  tokenSchema,
  whoSchema,
} from '@comfleet/contract';
import { z } from 'zod';
import type { IssuedToken } from '../../people/identity/identity.ts';
import { hasGrant, toClient, toWho } from '../../people/identity/principal.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { toSignInLink } from '../../platform/http/page-addresses.ts';
import { findRequestSession, principalOf, sessionOf } from '../authentication.ts';
import { GuessLimit } from '../guess-limit.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams } from './route-schemas.ts';

/** Adds registration, tokens, and clients for admins. */
export function addAuthRoutes(app: HttpServer, deps: NativeDeps): void {
  addTokenRoutes(app, deps);
  addSignInRoutes(app, deps);
  addClientRoutes(app, deps);
}

function addTokenRoutes(app: HttpServer, { identity, clock }: NativeDeps): void {
  const limit = new GuessLimit(clock);

  app.post('/api/v2/auth/register', {
    config: { access: 'optional', refusals: ['REGISTRATION_CLOSED', 'RATE_LIMITED'] },
    schema: {
      tags: ['auth'],
      summary: 'Register a client; its secret is shown this once',
      body: registerClientSchema,
      response: { 201: registeredClientSchema },
    },
    handler: async (request, reply) => {
      const { client_name: name, description } = request.body;
      const principal = findRequestSession(request)?.principal ?? null;
      if (!principal || !hasGrant(principal, 'admin')) limit.countRegistration(request.ip);
      const made = await identity.register(principal, { name, description: description ?? null });
      reply.status(201);
      return { client_id: made.client.id, client_secret: made.secret, client_name: made.client.name };
    },
  });

  app.post('/api/v2/auth/token', {
    config: { access: 'public', refusals: ['UNAUTHORIZED', 'RATE_LIMITED'] },
    schema: {
      tags: ['auth'],
      summary: 'A bearer token for a client id and secret',
      body: tokenRequestSchema,
      response: { 200: tokenSchema },
    },
    handler: async ({ body, ip }) => {
      const { client_id: id, client_secret: secret, browser } = body;
      const purpose = browser === true ? 'browser' : 'access';
      const admit = () => limit.countToken(id);
      return toToken(await limit.guard(ip, () => identity.issueToken(id, secret, { purpose, admit })));
    },
  });

  app.post('/api/v2/auth/exchange', {
    config: { access: 'public', refusals: ['UNAUTHORIZED', 'RATE_LIMITED'] },
    schema: {
      tags: ['auth'],
      summary: 'The bearer token of a browser for the one-time code of a sign-in link',
      body: z.strictObject({ code: z.string().max(200) }),
      response: { 200: tokenSchema },
    },
    handler: async ({ body, ip }) => toToken(await limit.guard(ip, () => identity.exchangeCode(body.code))),
  });

  app.get('/api/v2/auth/me', {
    config: { access: 'client' },
    schema: { tags: ['auth'], summary: 'Who I am', response: { 200: whoSchema } },
    handler: async (request) => toWho(principalOf(request)),
  });
}

/** Adds routes to sign browsers in, renew, and sign out. */
function addSignInRoutes(app: HttpServer, { identity, pageAddresses }: NativeDeps): void {
  app.post('/api/v2/auth/links', {
    // Admins only: a sign-in by link outlives the caller's token.
    config: { access: 'admin' },
    schema: {
      tags: ['auth'],
      summary: 'A link that signs a browser in as the caller, once, within ten minutes',
      response: { 201: signInLinkSchema },
    },
    handler: async (request, reply) => {
      const { code, expiresAtMs } = await identity.createSignInCode(principalOf(request).id);
      const addresses = pageAddresses(`${request.protocol}://${request.host}`);
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
      const expiresAtMs = await identity.renew(sessionOf(request));
      return { expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString() };
    },
  });

  app.post('/api/v2/auth/sign-out', {
    config: { access: 'client' },
    schema: {
      tags: ['auth'],
      summary: "End this browser's sign-in, or those of all browsers of the client; tokens of programs stay",
      body: signOutSchema,
      response: { 204: z.null().describe('Signed out.') },
    },
    handler: async (request, reply) => {
      await identity.signOut(sessionOf(request), request.body.everywhere ? 'everywhere' : 'here');
      return reply.status(204).send(null);
    },
  });
}

function addClientRoutes(app: HttpServer, { identity }: NativeDeps): void {
  app.get('/api/v2/admin/clients', {
    config: { access: 'admin' },
    schema: {
      tags: ['admin'],
      summary: 'All clients',
      response: { 200: clientListSchema },
    },
    handler: async (request) => {
      const records = await identity.listClients(principalOf(request));
      return { clients: records.map(toClient) };
    },
  });

  app.post('/api/v2/admin/clients/:id/revoke', {
    config: { access: 'admin', refusals: ['CLIENT_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['admin'],
      summary: 'Revoke a client; its tokens end at once',
      params: idParams,
      response: { 200: clientSchema },
    },
    handler: async (request) =>
      toClient(await identity.revokeClient(principalOf(request), request.params.id)),
  });

  app.post('/api/v2/admin/clients/:id/grants', {
    config: { access: 'admin', refusals: ['CLIENT_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['admin'],
      summary: "Replace a client's grants",
      params: idParams,
      body: z.strictObject({ grants: z.array(z.enum(GRANTS)).max(10) }),
      response: { 200: clientSchema },
    },
    handler: async (request) =>
      toClient(await identity.setGrants(principalOf(request), request.params.id, request.body.grants)),
  });
}

function toToken({ token, lifetimeMs, expiresAtMs }: IssuedToken): Token {
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: Math.floor(lifetimeMs / 1000),
    expires_at: new Date(expiresAtMs).toISOString(),
  };
}
