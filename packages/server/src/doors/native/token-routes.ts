import { createdKeySchema, createKeySchema, keyListSchema, sessionListSchema } from '@comfleet/contract';
import { z } from 'zod';
import { toApiKey, toListedSession } from '../../people/identity/listed-tokens.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { principalOf, sessionOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams } from './route-schemas.ts';

const ended = { 204: z.null().describe('Ended.') };

/** Adds routes to list, create and end one's own sessions and API keys. */
export function addTokenRoutes(app: HttpServer, deps: NativeDeps): void {
  addSessionRoutes(app, deps);
  addKeyRoutes(app, deps);
}

function addSessionRoutes(app: HttpServer, { identity }: NativeDeps): void {
  app.get('/api/v2/auth/sessions', {
    config: { access: 'client' },
    schema: {
      tags: ['auth'],
      summary: "The caller's sessions of browsers and programs, newest first",
      response: { 200: sessionListSchema },
    },
    handler: async (request) => {
      const asking = sessionOf(request);
      const rows = await identity.sessions.list(asking.principal.id);
      return { sessions: rows.map((row) => toListedSession(row, asking)) };
    },
  });

  app.delete('/api/v2/auth/sessions/:id', {
    config: { access: 'client', keys: 'refused', refusals: ['TOKEN_NOT_FOUND'] },
    schema: {
      tags: ['auth'],
      summary: 'End a session; its requests are refused and its live streams close at once',
      params: idParams,
      response: ended,
    },
    handler: async (request, reply) => {
      await identity.sessions.end(principalOf(request).id, request.params.id);
      return reply.status(204).send(null);
    },
  });
}

function addKeyRoutes(app: HttpServer, { identity: { keys } }: NativeDeps): void {
  app.get('/api/v2/auth/keys', {
    config: { access: 'client', refusals: ['FORBIDDEN'] },
    schema: {
      tags: ['auth'],
      summary: "The caller's API keys; with people.manage also everyone's",
      querystring: z.strictObject({ owner: z.enum(['own', 'all']).default('own') }),
      response: { 200: keyListSchema },
    },
    handler: async (request) => ({
      keys: (await keys.list(principalOf(request), request.query.owner)).map(toApiKey),
    }),
  });

  app.post('/api/v2/auth/keys', {
    config: { access: 'client', keys: 'refused', refusals: ['CONFLICT'] },
    schema: {
      tags: ['auth'],
      summary: "Create an API key with some of the caller's permissions; shown only once",
      body: createKeySchema,
      response: { 201: createdKeySchema },
    },
    handler: async (request, reply) => {
      const { name, scopes = null, expires_in: seconds } = request.body;
      const lifetimeMs = seconds === undefined ? null : seconds * 1000;
      const { row, key } = await keys.create(principalOf(request), { name, scopes, lifetimeMs });
      reply.status(201);
      return { ...toApiKey(row), key };
    },
  });

  app.delete('/api/v2/auth/keys/:id', {
    config: { access: 'client', keys: 'refused', refusals: ['TOKEN_NOT_FOUND'] },
    schema: {
      tags: ['auth'],
      summary: 'Revoke an API key; with people.manage also one of another user',
      params: idParams,
      response: ended,
    },
    handler: async (request, reply) => {
      await keys.revoke(principalOf(request), request.params.id);
      return reply.status(204).send(null);
    },
  });
}
