import { addDoors, type DoorDeps } from '../doors/add-doors.ts';
import { findRequestSession } from '../doors/authentication.ts';
import { RequestLimits } from '../doors/request-limits.ts';
import { createHttpServer, type HttpServer } from '../platform/http/http-server.ts';
import { MemoryRateLimits } from '../platform/http/rate-limits/memory-rate-limits.ts';
import { clientAddressOf } from '../platform/http/request-origin.ts';
import { StreamSlots } from '../platform/http/stream-slots.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import { limitLines } from '../platform/logging/limit-lines.ts';
import type { Config, ConfigStore } from './settings.ts';

const REFUSALS = { event: 'http.refused', fields: ['route', 'code'], maxPerMinute: 60 };

/** Opens the main listener with every door; returns its address. */
export async function openDoors(
  scope: Scope,
  store: ConfigStore,
  deps: Omit<DoorDeps, 'slots' | 'limits' | 'signal' | 'config'>,
): Promise<string> {
  const config = store.current;
  const { server, limits } = config;
  // An attacker who guesses thousands of tokens must not fill the log.
  const logger = limitLines(deps.logger, deps.clock, REFUSALS);
  const http = createHttpServer({
    listenHost: server.host,
    publicUrl: server.publicUrl,
    allowedHosts: server.allowedHosts,
    allowedOrigins: server.allowedOrigins,
    trustedProxies: server.trustedProxies,
    jsonBodyBytes: limits.jsonBodyBytes,
    body: limits.body,
    clientOf: (request) => findRequestSession(request)?.principal.id ?? clientAddressOf(request),
    logger,
    clock: deps.clock,
  });
  const slots = new StreamSlots(() => store.current.limits.streamsPerClient);
  const requestLimits = new RequestLimits({
    store: new MemoryRateLimits(deps.clock),
    settings: () => store.current.rateLimits,
    isOpen: deps.anonymous !== null,
  });
  const own = { config: store, logger, slots, limits: requestLimits, signal: scope.signal };
  await addDoors(http, { ...deps, ...own });
  return listen(scope, http, config);
}

async function listen(scope: Scope, http: HttpServer, { server }: Config): Promise<string> {
  scope.add('listener', () => http.close(), { deadlineMs: 5000 });
  await http.listen({ host: server.host, port: server.port });
  const bound = http.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : server.port;
  const name = server.host === '0.0.0.0' || server.host === '::' ? '127.0.0.1' : server.host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
