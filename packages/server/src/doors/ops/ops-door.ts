import { type Health, healthSchema } from '@comfleet/contract';
import type { Identity } from '../../people/identity/identity.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { AuthenticationOptions } from '../authentication.ts';
import { createAuthentication } from '../authentication.ts';
import { respondAs } from '../route-responses.ts';
import { addClientPages } from './client-pages.ts';
import { explainParts, type HealthDeps, loadHealth } from './health.ts';
import { createMetrics, type MetricsDeps, measureRequests } from './metrics.ts';

export interface OpsDeps extends HealthDeps, MetricsDeps {
  identity: Identity;
  clock: Clock;
  /** Folder of the built page; null if it was not built. */
  clientFolder: string | null;
  /** See `ClientPages`. */
  namesData?: boolean;
  /** The OpenID provider; null without one. */
  oidc: { readonly name: string } | null;
  /** Aborted when the server is stopping. */
  signal: AbortSignal;
}

const HEALTH_MAX_AGE_MS = 500;

/** Adds health, metrics and the page, for operators and browsers. */
export async function addOpsDoor(
  app: HttpServer,
  deps: OpsDeps,
  authentication: Omit<AuthenticationOptions, 'identity'>,
): Promise<void> {
  const registry = createMetrics(deps);
  measureRequests(app, registry);
  await app.register(async (scope) => {
    scope.addHook('onRequest', createAuthentication({ ...authentication, identity: deps.identity }));
    addHealthRoutes(scope, deps);
    scope.get('/metrics', {
      config: { access: 'fleet.see' },
      schema: {
        tags: ['ops'],
        summary: 'Metrics for Prometheus',
        response: { 200: respondAs('text/plain', 'The metrics.') },
      },
      handler: async (_request, reply) => {
        reply.type(registry.contentType);
        return registry.metrics();
      },
    });
  });
  const { clientFolder: folder, oidc } = deps;
  if (folder !== null)
    await addClientPages(app, {
      folder,
      namesData: deps.namesData === true,
      providerName: oidc?.name ?? null,
    });
}

function addHealthRoutes(app: HttpServer, deps: OpsDeps): void {
  const load = createHealthReader(deps);
  for (const path of ['/api/health', '/health', '/api/v2/health']) {
    app.get(path, {
      config: { access: 'public', uncounted: 'health' },
      schema: {
        tags: ['ops'],
        summary: 'Health of the server and of each part',
        response: { 200: healthSchema, 503: healthSchema },
      },
      handler: async (_request, reply) => {
        const health = await load();
        reply.status(health.status === 'down' ? 503 : 200);
        return health;
      },
    });
  }

  app.get('/healthz', {
    config: { access: 'public', uncounted: 'health' },
    schema: {
      tags: ['ops'],
      summary: 'Whether the process is alive',
      response: { 200: respondAs('text/plain', 'ok') },
    },
    handler: async (_request, reply) => {
      reply.type('text/plain; charset=utf-8');
      return 'ok\n';
    },
  });

  app.get('/readyz', {
    config: { access: 'public', uncounted: 'health' },
    schema: {
      tags: ['ops'],
      summary: 'Whether tasks can be accepted, else why not; further problems follow, one per line',
      response: { 200: respondAs('text/plain', 'ready'), 503: respondAs('text/plain', 'Why not.') },
    },
    handler: async (_request, reply) => {
      const health = await load();
      const causes = deps.signal.aborted ? ['stopping'] : explainParts(health, 'down');
      reply.status(causes.length === 0 ? 200 : 503).type('text/plain; charset=utf-8');
      const notes =
        causes.length === 0 ? ['ready', ...explainParts(health, 'degraded')] : ['not ready', ...causes];
      return [...notes, ''].join('\n');
    },
  });
}

/** Measures at most twice a second, however often it is called. */
function createHealthReader(deps: OpsDeps): () => Promise<Health> {
  let last: { health: Promise<Health>; atMs: number } | null = null;
  return () => {
    const nowMs = deps.clock.monotonicMs();
    if (!last || nowMs - last.atMs >= HEALTH_MAX_AGE_MS) last = { health: loadHealth(deps), atMs: nowMs };
    return last.health;
  };
}
