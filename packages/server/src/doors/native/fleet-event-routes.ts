import { workerEventListSchema } from '@comfleet/contract';
import { watchSession } from '../../people/identity/watch-session.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { SseStream } from '../../platform/http/sse-stream.ts';
import { sessionOf } from '../authentication.ts';
import { streamResponses } from '../route-responses.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams, pageQuery } from './route-schemas.ts';

/** Adds past and live events of workers, for admins. */
export function addFleetEventRoutes(app: HttpServer, deps: NativeDeps): void {
  const { fleet } = deps;
  app.get('/api/fleet/events', {
    config: { access: 'fleet.see' },
    schema: {
      tags: ['fleet'],
      summary: 'List the events of all workers, newest first',
      querystring: pageQuery,
      response: { 200: workerEventListSchema },
    },
    handler: (request) => fleet.listEvents(null, request.query),
  });

  app.get('/api/fleet/workers/:id/events', {
    config: { access: 'fleet.see', refusals: ['WORKER_NOT_FOUND'] },
    schema: {
      tags: ['fleet'],
      summary: 'List the events of one worker, newest first',
      params: idParams,
      querystring: pageQuery,
      response: { 200: workerEventListSchema },
    },
    handler: (request) => fleet.listEvents(request.params.id, request.query),
  });

  app.get('/api/fleet/stream', {
    config: { access: 'fleet.see', refusals: ['TOO_MANY_STREAMS'] },
    schema: {
      tags: ['fleet'],
      summary: 'Follow the fleet: server-sent events, all workers first, then each that changes',
      response: streamResponses('FleetFrame'),
    },
    handler: async (request, reply) => {
      const session = sessionOf(request);
      const freeSlot = deps.slots.take(session.principal.id);
      const stream = new SseStream(request, reply, deps.clock);
      const { stop: stopSession } = watchSession(deps, session, () => stream.end());
      const onStop = (): void => stream.end();
      deps.signal.addEventListener('abort', onStop, { once: true });
      const stopWatching = fleet.watch(
        (frame) => stream.send({ event: frame.kind, data: frame }),
        () => stream.end(),
      );
      if (deps.signal.aborted) stream.end();
      await whenAborted(stream.signal);
      stopWatching();
      deps.signal.removeEventListener('abort', onStop);
      stopSession();
      freeSlot();
      return reply;
    },
  });
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
