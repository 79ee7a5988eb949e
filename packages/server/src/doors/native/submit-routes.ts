import { submitOptionsSchema, submitTaskSchema, submittedSchema } from '@comfleet/contract';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { requireGraphGrant } from '../../people/identity/principal.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { readLosslessBody, toRecord } from '../../platform/http/json-body.ts';
import { principalOf } from '../authentication.ts';
import { idempotencyHeaders, readIdempotency } from './idempotency.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams, readTaskId, SUBMIT_REFUSALS } from './route-schemas.ts';
import { isOptionName, pickOptions, readSubmitBody, refuseField, sendSubmitted } from './submission.ts';

const submitBodySchema = z.strictObject(submitTaskSchema.shape);
const submitResponses = { 200: submittedSchema, 201: submittedSchema };

/** The v1 routes with flat bodies, and their task types. */
const FLAT_ROUTES = {
  'text-to-image': 'text_to_image',
  'text-to-image-sdxl': 'text_to_image_sdxl',
  'image-to-video': 'image_to_video',
} as const;

/** Options together with any parameters of the workflow, which refuses unknown ones. */
const flatBodySchema = z.looseObject({
  ...submitOptionsSchema.shape,
  prompt: z.string().optional(),
  negative_prompt: z.string().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  seed: z.union([z.number(), z.string()]).optional(),
});

/** Adds routes to create one task. */
export function addSubmitRoutes(app: HttpServer, deps: NativeDeps): void {
  addSubmitRoute(app, deps);
  for (const [name, taskType] of Object.entries(FLAT_ROUTES)) addFlatRoute(app, deps, { name, taskType });
  addRetryRoute(app, deps);
}

function addSubmitRoute(app: HttpServer, deps: NativeDeps): void {
  const { tasks, config } = deps;
  app.post('/api/v2/tasks', {
    config: {
      access: 'tasks.run',
      refusals: [...SUBMIT_REFUSALS, 'GRAPH_NOT_GRANTED', 'IDEMPOTENCY_CONFLICT'],
    },
    bodyLimit: config.current.limits.graphBodyBytes,
    schema: {
      tags: ['tasks'],
      summary: 'Submit a named workflow with parameters, or a graph',
      headers: idempotencyHeaders,
      body: submitBodySchema,
      response: submitResponses,
    },
    handler: async (request, reply) => {
      const actor = principalOf(request);
      const { body } = request;
      const what = readSubmitBody(request, body);
      if (what.kind === 'graph') requireGraphGrant(actor);
      const outcome = await tasks.submit({
        actor,
        door: body.trial === true ? 'trial' : 'native',
        body: what,
        options: pickOptions(body),
        ...(body.extra_data ? { extraData: toRecord(readLosslessBody(request).extra_data) } : {}),
        idempotency: await readIdempotency(request, deps),
      });
      return sendSubmitted(reply, outcome);
    },
  });
}

function addFlatRoute(
  app: HttpServer,
  deps: NativeDeps,
  { name, taskType }: { name: string; taskType: string },
): void {
  app.post(`/api/v2/tasks/${name}`, {
    config: { access: 'tasks.run', refusals: [...SUBMIT_REFUSALS, 'IDEMPOTENCY_CONFLICT'] },
    bodyLimit: deps.config.current.limits.graphBodyBytes,
    schema: {
      tags: ['tasks'],
      summary: `Submit a task of type ${taskType}; parameters stand beside the options`,
      headers: idempotencyHeaders,
      body: flatBodySchema,
      response: submitResponses,
    },
    handler: async (request, reply) => {
      const outcome = await deps.tasks.submit({
        actor: principalOf(request),
        door: 'native',
        body: {
          kind: 'workflow',
          workflowName: request.body.workflow_name,
          taskType,
          parameters: await readFlatParameters(request, deps, taskType, request.body.workflow_name),
          strict: true,
        },
        options: pickOptions(request.body),
        idempotency: await readIdempotency(request, deps),
      });
      return sendSubmitted(reply, outcome);
    },
  });
}

function addRetryRoute(app: HttpServer, { tasks }: NativeDeps): void {
  app.post('/api/v2/tasks/:id/retry', {
    config: { access: 'tasks.run', refusals: ['TASK_NOT_FOUND', 'GRAPH_NOT_GRANTED', ...SUBMIT_REFUSALS] },
    schema: {
      tags: ['tasks'],
      summary: 'Run a task again with all its parameters, as a new task',
      params: idParams,
      querystring: z.strictObject({ as: z.literal('task').default('task') }),
      response: { 201: submittedSchema },
    },
    handler: async (request, reply) =>
      sendSubmitted(reply, await tasks.retry(principalOf(request), readTaskId(request.params.id))),
  });
}

/** Everything that is not an option. `image_path` of the v1 API becomes `image` if the workflow has only that parameter. */
async function readFlatParameters(
  request: FastifyRequest,
  { workflows }: NativeDeps,
  taskType: string,
  workflowName: string | undefined,
): Promise<Record<string, unknown>> {
  const all = readLosslessBody(request);
  const parameters = Object.fromEntries(Object.entries(all).filter(([name]) => !isOptionName(name)));
  const { image_path: imagePath, ...others } = parameters;
  if (imagePath === undefined) return parameters;
  const candidates = await workflows.list(principalOf(request), taskType);
  const workflow = candidates.find(({ name, is_default: isDefault }) =>
    workflowName === undefined ? isDefault : name === workflowName,
  );
  const known = workflow?.parameters.map((parameter) => parameter.name) ?? [];
  if (known.includes('image_path') || !known.includes('image')) return parameters;
  if (others.image !== undefined) refuseField('image_path', 'field.image_or_path');
  return { ...others, image: imagePath };
}
