import type { StreamFrame } from '@comfleet/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { watchSession } from '../../people/identity/watch-session.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { SseStream } from '../../platform/http/sse-stream.ts';
import { principalOf, sessionOf } from '../authentication.ts';
import { streamResponses } from '../route-responses.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams, readBatchId, readTaskId } from './route-schemas.ts';

/** Adds event streams (SSE) of tasks and batches. `event:` is the frame's kind, `id:` the number of a task event. */
export function addStreamRoutes(app: HttpServer, deps: NativeDeps): void {
  app.get('/api/v2/tasks/:id/events', {
    config: { access: 'client', refusals: ['TASK_NOT_FOUND', 'TOO_MANY_STREAMS'] },
    schema: {
      tags: ['tasks'],
      summary: 'Follow a task: server-sent events, resumed by Last-Event-ID or ?after=',
      params: idParams,
      querystring: z.strictObject({ after: z.coerce.number().int().min(0).optional() }),
      response: streamResponses('StreamFrame'),
    },
    handler: async (request, reply) => {
      const actor = principalOf(request);
      const id = readTaskId(request.params.id);
      // Unknown and foreign ids get a 404 before the stream starts.
      await deps.tasks.load(actor, id);
      const after = readLastEventId(request) ?? request.query.after ?? null;
      return streamFrames(request, reply, deps, (signal) => deps.tasks.watch(actor, id, after, signal));
    },
  });

  app.get('/api/v2/batches/:id/events', {
    config: { access: 'client', refusals: ['BATCH_NOT_FOUND', 'TOO_MANY_STREAMS'] },
    schema: {
      tags: ['batches'],
      summary: 'Follow the tasks of a batch: server-sent events, a snapshot first',
      params: idParams,
      response: streamResponses('StreamFrame'),
    },
    handler: async (request, reply) => {
      const actor = principalOf(request);
      const id = readBatchId(request.params.id);
      await deps.batches.find(actor, id);
      return streamFrames(request, reply, deps, (signal) => deps.batches.watch(actor, id, signal));
    },
  });
}

function readLastEventId(request: FastifyRequest): number | null {
  const header = request.headers['last-event-id'];
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : null;
}

async function streamFrames(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: NativeDeps,
  watch: (signal: AbortSignal) => AsyncIterable<StreamFrame>,
): Promise<FastifyReply> {
  const session = sessionOf(request);
  const freeSlot = deps.slots.take(session.principal.id);
  const stream = new SseStream(request, reply, deps.clock);
  const { stop: stopWatching } = watchSession(deps, session, () => stream.end());
  const onStop = (): void => stream.end();
  deps.signal.addEventListener('abort', onStop, { once: true });
  try {
    for await (const frame of watch(stream.signal)) {
      const id = frame.kind === 'event' ? { id: frame.event.number } : {};
      stream.send({ event: frame.kind, ...id, data: frame });
      // The snapshots of a large batch exceed what a reader may leave unread.
      if (frame.kind === 'snapshot') await stream.drained();
    }
  } catch (thrown) {
    if (!stream.signal.aborted) {
      deps.logger.error('stream.failed', { requestId: request.id, error: thrown });
    }
  } finally {
    deps.signal.removeEventListener('abort', onStop);
    stopWatching();
    freeSlot();
    stream.end();
  }
  return reply;
}
