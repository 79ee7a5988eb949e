import {
  changeWorkerSchema,
  REMOVE_MODES,
  registerWorkerSchema,
  removedWorkerSchema,
  workerSchema,
} from '@comfleet/contract';
import { z } from 'zod';
import { splitLogin } from '../../fleet/workers/worker-access.ts';
import { toWorkerSettings } from '../../fleet/workers/worker-spec.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams } from './route-schemas.ts';

const workerResponses = { 200: workerSchema };
const switchBody = z.strictObject({ on: z.boolean() });

/** Adds routes for admins to add, change and remove workers (ND5, ND6, ND7). */
export function addWorkerChangeRoutes(app: HttpServer, deps: NativeDeps): void {
  addMembershipRoutes(app, deps);
  addSwitchRoutes(app, deps);
}

function addMembershipRoutes(app: HttpServer, { fleet }: NativeDeps): void {
  app.post('/api/fleet/workers', {
    config: { access: 'fleet.manage', refusals: ['CONFLICT', 'WORKER_UNREACHABLE'] },
    schema: {
      tags: ['fleet'],
      summary: 'Register a worker; it must respond as ComfyUI',
      body: registerWorkerSchema,
      response: { 201: workerSchema },
    },
    handler: async ({ body }, reply) => {
      const { name, url: address, ...settings } = body;
      const { url, auth } = splitLogin(address);
      reply.status(201);
      const login = auth === null ? {} : { auth };
      return fleet.register({
        name: name ?? new URL(url).host,
        url,
        ...login,
        ...toWorkerSettings(settings),
      });
    },
  });

  app.patch('/api/fleet/workers/:id', {
    config: { access: 'fleet.manage', refusals: ['WORKER_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['fleet'],
      summary: 'Change the settings given in the body; not for workers in the configuration file',
      params: idParams,
      body: changeWorkerSchema,
      response: workerResponses,
    },
    handler: (request) => fleet.change(request.params.id, toWorkerSettings(request.body)),
  });

  app.delete('/api/fleet/workers/:id', {
    config: { access: 'fleet.manage', refusals: ['WORKER_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['fleet'],
      summary: 'Remove a worker: when its tasks are done (202 until then), or now, moving them',
      params: idParams,
      querystring: z.strictObject({ mode: z.enum(REMOVE_MODES).default('wait') }),
      response: { 200: removedWorkerSchema, 202: removedWorkerSchema },
    },
    handler: async (request, reply) => {
      const outcome = await fleet.remove(request.params.id, request.query.mode);
      reply.status(outcome.removed ? 200 : 202);
      return outcome;
    },
  });

  app.post('/api/fleet/workers/:id/inventory', {
    config: { access: 'fleet.manage', refusals: ['WORKER_NOT_FOUND', 'WORKER_UNREACHABLE'] },
    schema: {
      tags: ['fleet'],
      summary: 'Load the node classes and models of a worker again, now',
      params: idParams,
      response: workerResponses,
    },
    handler: (request) => fleet.refreshInventory(request.params.id),
  });
}

function addSwitchRoutes(app: HttpServer, { fleet }: NativeDeps): void {
  app.post('/api/fleet/workers/:id/maintenance', {
    config: { access: 'fleet.manage', refusals: ['WORKER_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['fleet'],
      summary: 'Take a worker out of service, or return it',
      params: idParams,
      body: switchBody,
      response: workerResponses,
    },
    handler: (request) => fleet.override(request.params.id, { maintenance: request.body.on }),
  });

  app.post('/api/fleet/workers/:id/drain', {
    config: { access: 'fleet.manage', refusals: ['WORKER_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['fleet'],
      summary: 'Drain a worker: it finishes its tasks and accepts no new ones; or end that',
      params: idParams,
      body: switchBody,
      response: workerResponses,
    },
    handler: (request) => fleet.override(request.params.id, { draining: request.body.on }),
  });

  app.post('/api/fleet/workers/:id/enabled', {
    config: { access: 'fleet.manage', refusals: ['WORKER_NOT_FOUND', 'CONFLICT'] },
    schema: {
      tags: ['fleet'],
      summary: 'Enable or disable a worker, whatever the configuration file says',
      params: idParams,
      body: switchBody,
      response: workerResponses,
    },
    handler: (request) => fleet.override(request.params.id, { enabled: request.body.on }),
  });
}
