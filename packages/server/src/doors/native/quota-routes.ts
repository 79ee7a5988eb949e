import { changeQuotaSchema, quotaListSchema, quotaOverrideSchema, usageSchema } from '@comfleet/contract';
import { z } from 'zod';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { principalOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams } from './route-schemas.ts';

const usageQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(90).default(7).describe('How many days to list, today included.'),
});
const NOT_FOUND = ['QUOTA_SUBJECT_NOT_FOUND'] as const;

/** Adds routes for quotas: one's own use, and the limits that admins set. */
export function addQuotaRoutes(app: HttpServer, deps: NativeDeps): void {
  addUsageRoutes(app, deps);
  addLimitRoutes(app, deps);
}

function addUsageRoutes(app: HttpServer, { quotas, identity: { projects } }: NativeDeps): void {
  app.get('/api/v2/usage', {
    config: { access: 'client', refusals: ['PROJECT_NOT_FOUND'] },
    schema: {
      tags: ['tasks'],
      summary: 'What the caller, or a project of the caller, used of its quotas, now and by day',
      querystring: usageQuery.extend({ project_id: z.string().max(200).optional() }),
      response: { 200: usageSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { days, project_id: id } = request.query;
      if (id === undefined) return quotas.usage(principal.id, days);
      const { project_id: projectId } = await projects.load(principal, id);
      return quotas.usage(projectId, days);
    },
  });

  app.get('/api/v2/admin/usage/:id', {
    config: { access: 'people.manage', refusals: NOT_FOUND },
    schema: {
      tags: ['admin'],
      summary: 'The same of any user (id or name), client or project (id)',
      params: idParams,
      querystring: usageQuery,
      response: { 200: usageSchema },
    },
    handler: (request) => quotas.usage(request.params.id, request.query.days),
  });
}

function addLimitRoutes(app: HttpServer, { quotas }: NativeDeps): void {
  app.get('/api/v2/admin/quotas', {
    config: { access: 'people.manage' },
    schema: {
      tags: ['admin'],
      summary: 'The configured quotas, and those that differ',
      response: { 200: quotaListSchema },
    },
    handler: () => quotas.list(),
  });

  app.put('/api/v2/admin/quotas/:id', {
    config: { access: 'people.manage', refusals: NOT_FOUND },
    schema: {
      tags: ['admin'],
      summary:
        'Set limits of a user (id or name), client or project (id); those that are absent stay, null lifts one',
      params: idParams,
      body: changeQuotaSchema,
      response: { 200: quotaOverrideSchema },
    },
    handler: (request) => quotas.change(principalOf(request).id, request.params.id, request.body),
  });

  app.delete('/api/v2/admin/quotas/:id', {
    config: { access: 'people.manage', refusals: NOT_FOUND },
    schema: {
      tags: ['admin'],
      summary: 'Give a user, client or project the configured limits again',
      params: idParams,
      response: { 204: z.null().describe('Reset.') },
    },
    handler: async (request, reply) => {
      await quotas.reset(request.params.id);
      return reply.status(204).send(null);
    },
  });
}
