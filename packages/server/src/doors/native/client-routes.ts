import { clientListSchema, clientSchema, GRANTS, registeredClientSchema } from '@comfleet/contract';
import { z } from 'zod';
import { toClient } from '../../people/identity/principal.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { principalOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams } from './route-schemas.ts';

/** Adds routes to manage clients. */
export function addClientRoutes(app: HttpServer, { identity }: NativeDeps): void {
  const { clients } = identity;
  app.get('/api/v2/admin/clients', {
    config: { access: 'people.manage' },
    schema: {
      tags: ['admin'],
      summary: 'List clients',
      response: { 200: clientListSchema },
    },
    handler: async (request) => ({ clients: (await clients.list(principalOf(request))).map(toClient) }),
  });

  app.post('/api/v2/admin/clients/:id/revoke', {
    config: { access: 'people.manage', keys: 'refused', refusals: ['CLIENT_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['admin'],
      summary: 'Revoke a client; its tokens end at once',
      params: idParams,
      response: { 200: clientSchema },
    },
    handler: async (request) => toClient(await clients.revoke(principalOf(request), request.params.id)),
  });

  app.post('/api/v2/admin/clients/:id/rotate', {
    config: { access: 'people.manage', keys: 'refused', refusals: ['CLIENT_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['admin'],
      summary:
        'Give a client a new secret, shown only once; ends the old one, its tokens and its keys at once',
      params: idParams,
      response: { 200: registeredClientSchema },
    },
    handler: async (request) => {
      const { client, secret } = await clients.rotate(principalOf(request), request.params.id);
      return { client_id: client.id, client_secret: secret, client_name: client.name };
    },
  });

  app.post('/api/v2/admin/clients/:id/grants', {
    config: { access: 'people.manage', keys: 'refused', refusals: ['CLIENT_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['admin'],
      summary: "Replace a client's grants",
      params: idParams,
      body: z.strictObject({ grants: z.array(z.enum(GRANTS)).max(10) }),
      response: { 200: clientSchema },
    },
    handler: async (request) =>
      toClient(await clients.setGrants(principalOf(request), request.params.id, request.body.grants)),
  });
}
