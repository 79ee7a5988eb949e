import { startTimeSlice } from '@comfleet/comfyui';
import { parseId, type Task, type TaskId } from '@comfleet/contract';
import type { FastifyRequest } from 'fastify';
import { requireGraphGrant } from '../../people/identity/principal.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { sendJsonText } from '../../platform/http/send-json-text.ts';
import { principalOf } from '../authentication.ts';
import { streamResponses } from '../route-responses.ts';
import type { ComfyV2Deps } from './comfy-v2-deps.ts';
import { contractJson, jobBody, keyHeaders } from './documented-bodies.ts';
import { streamJob } from './job-stream.ts';
import { readIdempotencyKey, readJobBody } from './job-submission.ts';
import { toJob } from './job-view.ts';
import { createSurface } from './surface.ts';

/** Adds POST / and GET /{id}, /{id}/workflow, /{id}/events, POST /{id}/cancel below /api/v2/jobs. A job is a task. */
export function addJobRoutes(app: HttpServer, deps: ComfyV2Deps): void {
  const { tasks, config } = deps;
  const show = (request: FastifyRequest, task: Task) =>
    toJob(task, createSurface(request, config.current, deps.links));

  app.post('', {
    config: { access: 'tasks.run', operation: 'postJobs', ownBody: jobBody },
    bodyLimit: config.current.limits.graphBodyBytes,
    schema: {
      tags: ['comfy-v2'],
      summary: 'Submit a graph (Comfy API v2)',
      headers: keyHeaders,
      response: { 201: contractJson },
    },
    handler: async (request, reply) => {
      const actor = principalOf(request);
      requireGraphGrant(actor);
      const { graph, extraData } = readJobBody(request);
      const idempotency = await readIdempotencyKey(request, graph, startTimeSlice(deps.clock));
      const { submitted, replayed } = await tasks.submit({
        actor,
        door: 'comfy-v2',
        body: { kind: 'graph', graph },
        options: {},
        ...(extraData ? { extraData } : {}),
        ...(idempotency ? { idempotency } : {}),
      });
      // Keys of this contract are single-use: a repeated one is refused, never replayed.
      if (replayed) throw new AppError('IDEMPOTENCY_CONFLICT');
      const job = show(request, await tasks.load(actor, readJobId(submitted.task_id)));
      reply.status(201).header('location', job.urls.self);
      return job;
    },
  });

  app.get('/:id', {
    config: { access: 'client', operation: 'getJob' },
    schema: { tags: ['comfy-v2'], summary: 'One job (Comfy API v2)', response: { 200: contractJson } },
    handler: async (request) => show(request, await tasks.load(principalOf(request), readId(request))),
  });

  app.get('/:id/workflow', {
    config: { access: 'client', operation: 'getJobWorkflow' },
    schema: {
      tags: ['comfy-v2'],
      summary: 'The executed graph of a job (Comfy API v2)',
      response: { 200: contractJson },
    },
    handler: async (request, reply) => {
      const graphText = await tasks.loadGraphText(principalOf(request), readId(request));
      // Joined as text: parsing a number could change its digits (WF23).
      return sendJsonText(reply, `{"workflow":${graphText},"format":"api"}`);
    },
  });

  app.get('/:id/events', {
    config: { access: 'client', operation: 'getJobEvents' },
    schema: {
      tags: ['comfy-v2'],
      summary: 'Follow a job: server-sent events (Comfy API v2)',
      response: streamResponses('frame of the Comfy API v2'),
    },
    handler: async (request, reply) => streamJob(request, reply, deps, readId(request)),
  });

  app.register(async (scope) => addCancelRoute(scope, deps, show));
}

function addCancelRoute(
  app: HttpServer,
  { tasks }: ComfyV2Deps,
  show: (request: FastifyRequest, task: Task) => ReturnType<typeof toJob>,
): void {
  // A cancel request needs no body, so none is read.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null, undefined);
  });
  app.post('/:id/cancel', {
    config: { access: 'tasks.run', operation: 'cancelJob' },
    schema: {
      tags: ['comfy-v2'],
      summary: 'Cancel a job; safe to repeat (Comfy API v2)',
      response: { 200: contractJson },
    },
    handler: async (request) => show(request, await tasks.cancel(principalOf(request), readId(request))),
  });
}

function readId(request: FastifyRequest): TaskId {
  const { params } = request;
  return readJobId(typeof params === 'object' && params !== null && 'id' in params ? params.id : '');
}

/** Treats text that is not an id as an unknown id. */
function readJobId(text: unknown): TaskId {
  const id = typeof text === 'string' ? parseId<'task'>(text) : null;
  if (id === null) throw new AppError('TASK_NOT_FOUND');
  return id;
}
