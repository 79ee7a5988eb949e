import {
  createdInvitationSchema,
  createdJoinTokenSchema,
  createInvitationSchema,
  createJoinTokenSchema,
  invitationListSchema,
  joinTokenListSchema,
} from '@comfleet/contract';
import { z } from 'zod';
import { toNamedToken } from '../../people/identity/listed-tokens.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { principalOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams } from './route-schemas.ts';

const ended = { 204: z.null().describe('Revoked.') };

/** Adds routes for what admins hand out: invitations of clients, and join tokens of workers. */
export function addNamedTokenRoutes(app: HttpServer, deps: NativeDeps): void {
  addInvitationRoutes(app, deps);
  addJoinTokenRoutes(app, deps);
}

function addInvitationRoutes(app: HttpServer, { identity: { invitations } }: NativeDeps): void {
  app.get('/api/v2/admin/invitations', {
    config: { access: 'people.manage' },
    schema: {
      tags: ['admin'],
      summary: 'List invitations that are neither used nor expired, newest first',
      response: { 200: invitationListSchema },
    },
    handler: async (request) => ({
      invitations: (await invitations.list(principalOf(request))).map(toNamedToken),
    }),
  });

  app.post('/api/v2/admin/invitations', {
    config: { access: 'people.manage', keys: 'refused', refusals: ['CONFLICT'] },
    schema: {
      tags: ['admin'],
      summary:
        'Create an invitation code that registers one client if auth.registration is invite; shown only once',
      body: createInvitationSchema,
      response: { 201: createdInvitationSchema },
    },
    handler: async (request, reply) => {
      const { name, expires_in: seconds } = request.body;
      const made = await invitations.create(principalOf(request), { name, lifetimeMs: seconds * 1000 });
      reply.status(201);
      return { ...toNamedToken(made.row), invitation: made.text };
    },
  });

  app.delete('/api/v2/admin/invitations/:id', {
    config: { access: 'people.manage', keys: 'refused', refusals: ['TOKEN_NOT_FOUND'] },
    schema: { tags: ['admin'], summary: 'Revoke an invitation', params: idParams, response: ended },
    handler: async (request, reply) => {
      await invitations.revoke(principalOf(request), request.params.id);
      return reply.status(204).send(null);
    },
  });
}

function addJoinTokenRoutes(app: HttpServer, { identity: { joinTokens } }: NativeDeps): void {
  app.get('/api/v2/admin/join-tokens', {
    config: { access: 'people.manage' },
    schema: {
      tags: ['admin'],
      summary: 'List join tokens that have not expired, newest first; without the one in the configuration',
      response: { 200: joinTokenListSchema },
    },
    handler: async (request) => ({
      join_tokens: (await joinTokens.list(principalOf(request))).map(toNamedToken),
    }),
  });

  app.post('/api/v2/admin/join-tokens', {
    config: { access: 'people.manage', keys: 'refused', refusals: ['CONFLICT'] },
    schema: {
      tags: ['admin'],
      summary: 'Create a token with which workers register themselves; shown only once',
      body: createJoinTokenSchema,
      response: { 201: createdJoinTokenSchema },
    },
    handler: async (request, reply) => {
      const { name, expires_in: seconds } = request.body;
      const lifetimeMs = seconds === undefined ? null : seconds * 1000;
      const made = await joinTokens.create(principalOf(request), { name, lifetimeMs });
      reply.status(201);
      return { ...toNamedToken(made.row), join_token: made.text };
    },
  });

  app.delete('/api/v2/admin/join-tokens/:id', {
    config: { access: 'people.manage', keys: 'refused', refusals: ['TOKEN_NOT_FOUND'] },
    schema: {
      tags: ['admin'],
      summary: 'Revoke a join token; workers that registered with it stay',
      params: idParams,
      response: ended,
    },
    handler: async (request, reply) => {
      await joinTokens.revoke(principalOf(request), request.params.id);
      return reply.status(204).send(null);
    },
  });
}
