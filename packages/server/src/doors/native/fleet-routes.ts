import {
  announcedSchema,
  announceWorkerSchema,
  type Balancing as BalancingAnswer,
  balancerSchema,
  balancingSchema,
  fleetModelPageSchema,
  fleetStatsSchema,
  STRATEGIES,
} from '@comfleet/contract';
import { z } from 'zod';
import { toWorkerSettings } from '../../fleet/workers/worker-spec.ts';
import type { BalancingState } from '../../flow/calls/placement/balancing.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { clientAddressOf } from '../../platform/http/request-origin.ts';
import { principalOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';

/** Adds fleet routes: statistics, strategy, and workers that register themselves. */
export function addFleetRoutes(app: HttpServer, deps: NativeDeps): void {
  addStatsRoute(app, deps);
  addModelsRoute(app, deps);
  addBalancingRoutes(app, deps);
  addRegisterRoute(app, deps);
}

function addStatsRoute(app: HttpServer, { fleet }: NativeDeps): void {
  app.get('/api/fleet/stats', {
    config: { access: 'fleet.see' },
    schema: {
      tags: ['fleet'],
      summary: 'Workers by state, capacity, load and free slots',
      response: { 200: fleetStatsSchema },
    },
    handler: async () => fleet.stats(),
  });
}

function addModelsRoute(app: HttpServer, { fleet }: NativeDeps): void {
  app.get('/api/fleet/models', {
    config: { access: 'fleet.see' },
    schema: {
      tags: ['fleet'],
      summary: 'List model files and the workers that have them',
      querystring: z.strictObject({
        folder: z.string().max(200).optional(),
        kind: z.string().max(100).optional(),
        worker: z.string().max(100).optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(1000),
        cursor: z.string().max(2000).optional(),
      }),
      response: { 200: fleetModelPageSchema },
    },
    handler: (request) => {
      const { limit, cursor, ...filter } = request.query;
      return fleet.listModels(filter, { limit, cursor });
    },
  });
}

function addBalancingRoutes(app: HttpServer, { balancing, statistics }: NativeDeps): void {
  app.get('/api/fleet/placement', {
    config: { access: 'fleet.see' },
    schema: {
      tags: ['fleet'],
      summary: 'Which tasks wait for which workers, and how often each worker was chosen',
      response: { 200: balancerSchema },
    },
    handler: () => statistics.balancer(),
  });

  app.get('/api/fleet/balancing', {
    config: { access: 'fleet.see' },
    schema: {
      tags: ['fleet'],
      summary: 'The strategy that chooses workers, and where it is set',
      response: { 200: balancingSchema },
    },
    handler: async () => toBalancing(balancing.state),
  });

  app.put('/api/fleet/balancing', {
    config: { access: 'fleet.manage', refusals: ['CONFLICT'] },
    schema: {
      tags: ['fleet'],
      summary: 'Change and store the strategy; null returns to the one in the configuration file',
      body: z.strictObject({ strategy: z.enum(STRATEGIES).nullable() }),
      response: { 200: balancingSchema },
    },
    handler: async (request) => {
      await balancing.change(request.body.strategy, principalOf(request).id);
      return toBalancing(balancing.state);
    },
  });
}

function toBalancing({ strategy, source, changed }: BalancingState): BalancingAnswer {
  return {
    strategy,
    source,
    strategies: [...STRATEGIES],
    changed_at: changed && new Date(changed.atMs).toISOString(),
    changed_by: changed?.principalId ?? null,
  };
}

function addRegisterRoute(app: HttpServer, { fleet, config }: NativeDeps): void {
  app.post('/api/fleet/register', {
    // The join token is not one of our bearer tokens: the fleet checks it.
    config: {
      access: 'public',
      uncounted: 'own_limit',
      refusals: ['UNAUTHORIZED', 'DISCOVERY_OFF', 'RATE_LIMITED', 'CONFLICT', 'WORKER_UNREACHABLE'],
    },
    schema: {
      tags: ['fleet'],
      summary:
        'A worker registers itself with the join token as bearer, and again before again_seconds are over',
      security: [{ joinToken: [] }],
      body: announceWorkerSchema,
      response: { 200: announcedSchema },
    },
    handler: async (request) => {
      const { name, url, ...settings } = request.body;
      const [, token = null] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
      const worker = await fleet.announce(
        { name: name ?? new URL(url).host, url, ...toWorkerSettings(settings) },
        { token, address: clientAddressOf(request) },
      );
      return {
        worker_id: worker.worker_id,
        name: worker.name,
        state: worker.state,
        again_seconds: config.current.discovery.announceIntervalMs / 1000,
      };
    },
  });
}
