import { checkedWorkerSchema, workerListSchema, workerLogSchema, workerSchema } from '@comfleet/contract';
import { z } from 'zod';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams } from './route-schemas.ts';

const workerResponses = { 200: workerSchema };
const checkedResponses = { 200: checkedWorkerSchema };

/** Adds worker routes for admins. */
export function addWorkerRoutes(app: HttpServer, { fleet }: NativeDeps): void {
  app.get('/api/fleet/workers', {
    config: { access: 'fleet.see' },
    schema: {
      tags: ['fleet'],
      summary: 'List workers',
      response: { 200: workerListSchema },
    },
    handler: async () => ({ workers: await fleet.list() }),
  });

  app.get('/api/fleet/workers/:id', {
    config: { access: 'fleet.see', refusals: ['WORKER_NOT_FOUND'] },
    schema: { tags: ['fleet'], summary: 'One worker', params: idParams, response: workerResponses },
    handler: async (request) => fleet.load(request.params.id),
  });

  app.post('/api/fleet/workers/:id/check', {
    config: { access: 'fleet.manage', refusals: ['WORKER_NOT_FOUND'] },
    schema: {
      tags: ['fleet'],
      summary: "Check a worker's health now; what this check found is beside the worker",
      params: idParams,
      response: checkedResponses,
    },
    handler: (request) => fleet.check(request.params.id),
  });

  app.post('/api/fleet/workers/:id/accept', {
    config: { access: 'fleet.manage', refusals: ['WORKER_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['fleet'],
      summary: 'Accept the ComfyUI that now responds at the address in place of the former one',
      params: idParams,
      response: checkedResponses,
    },
    handler: (request) => fleet.acceptIdentity(request.params.id),
  });

  app.post('/api/fleet/workers/:id/reconnect', {
    config: { access: 'fleet.manage', refusals: ['WORKER_NOT_FOUND'] },
    schema: {
      tags: ['fleet'],
      summary: "Close a worker's socket and reconnect; its tasks go on",
      params: idParams,
      response: workerResponses,
    },
    handler: (request) => fleet.reconnect(request.params.id),
  });

  app.get('/api/fleet/workers/:id/logs', {
    config: { access: 'fleet.see', refusals: ['WORKER_NOT_FOUND', 'WORKER_UNREACHABLE'] },
    schema: {
      tags: ['fleet'],
      summary: "The end of ComfyUI's own log",
      params: idParams,
      querystring: z.strictObject({ lines: z.coerce.number().int().min(1).max(5000).default(200) }),
      response: { 200: workerLogSchema },
    },
    handler: (request) => fleet.loadLogs(request.params.id, request.query.lines),
  });
}
