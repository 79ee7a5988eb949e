import { startTimeSlice } from '@comfleet/comfyui';
import {
  batchDetailSchema,
  batchPageSchema,
  batchSchema,
  type SubmitBatch,
  submitBatchSchema,
} from '@comfleet/contract';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { requireGraphGrant } from '../../people/identity/principal.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { readLosslessBody, toRecord } from '../../platform/http/json-body.ts';
import { sendWithList } from '../../platform/http/send-json-text.ts';
import { principalOf } from '../authentication.ts';
import { idempotencyHeaders, readIdempotency } from './idempotency.ts';
import type { NativeDeps } from './native-deps.ts';
import {
  idParams,
  pageQuery,
  readBatchId,
  readCursor,
  readFilterId,
  SUBMIT_REFUSALS,
} from './route-schemas.ts';
import { refuseField } from './submission.ts';

const batchBodySchema = z.strictObject(submitBatchSchema.shape);
const CHANGES = ['pause', 'resume', 'cancel'] as const;

const batchListQuery = pageQuery.extend({
  project_id: z.string().max(200).optional().describe('Only batches of this project.'),
});

/** Adds batch routes. */
export function addBatchRoutes(app: HttpServer, deps: NativeDeps): void {
  const { batches, config } = deps;
  app.post('/api/v2/batches', {
    config: {
      access: 'tasks.run',
      refusals: [...SUBMIT_REFUSALS, 'GRAPH_NOT_GRANTED', 'IDEMPOTENCY_CONFLICT'],
    },
    bodyLimit: config.current.limits.graphBodyBytes,
    schema: {
      tags: ['batches'],
      summary: 'Submit many tasks: a list, or descriptions × images_per_description',
      headers: idempotencyHeaders,
      body: batchBodySchema,
      response: { 200: batchSchema, 201: batchSchema },
    },
    handler: async (request, reply) => {
      const actor = principalOf(request);
      const body = readBatchBody(request, request.body);
      if (body.graph) requireGraphGrant(actor);
      const idempotency = await readIdempotency(request, deps);
      const { batch, replayed } = await batches.submit(actor, body, idempotency);
      reply.status(replayed ? 200 : 201).header('location', `/api/v2/batches/${batch.batch_id}`);
      return batch;
    },
  });

  app.get('/api/v2/batches', {
    config: { access: 'client' },
    schema: {
      tags: ['batches'],
      summary: 'List batches, newest first',
      querystring: batchListQuery,
      response: { 200: batchPageSchema },
    },
    handler: async (request) => {
      const { limit, cursor, project_id: projectId } = request.query;
      const page = await batches.list(principalOf(request), {
        limit,
        cursor: readCursor<'batch'>(cursor),
        projectId: projectId === undefined ? undefined : readFilterId<'project'>(projectId),
      });
      return { batches: page.batches, next_cursor: page.nextCursor };
    },
  });

  addOneBatchRoutes(app, deps);
}

function addOneBatchRoutes(app: HttpServer, { batches, clock }: NativeDeps): void {
  app.get('/api/v2/batches/:id', {
    config: { access: 'client', refusals: ['BATCH_NOT_FOUND'] },
    schema: {
      tags: ['batches'],
      summary: 'One batch with its tasks',
      params: idParams,
      response: { 200: batchDetailSchema },
    },
    handler: async (request, reply) => {
      const { tasks, ...batch } = await batches.load(principalOf(request), readBatchId(request.params.id));
      return sendWithList(reply, batch, { name: 'tasks', items: tasks, slice: startTimeSlice(clock) });
    },
  });

  for (const change of CHANGES) {
    app.post(`/api/v2/batches/:id/${change}`, {
      config: { access: 'tasks.run', refusals: ['BATCH_NOT_FOUND', 'PROJECT_READ_ONLY', 'CONFLICT'] },
      schema: {
        tags: ['batches'],
        summary: `${change[0]?.toUpperCase()}${change.slice(1)} a batch`,
        params: idParams,
        response: { 200: batchSchema },
      },
      handler: (request) => batches.change(principalOf(request), readBatchId(request.params.id), change),
    });
  }
}

/** Requires exactly one of tasks and descriptions, exactly one of graph and workflow, and no field that would have no effect. */
function checkBatch(batch: SubmitBatch): void {
  const { tasks, descriptions } = batch;
  if (tasks === undefined && descriptions === undefined) {
    refuseField('tasks', 'field.tasks_or_descriptions');
  }
  if (tasks !== undefined && descriptions !== undefined) {
    refuseField('descriptions', 'field.not_both');
  }
  if (tasks !== undefined && batch.images_per_description !== undefined) {
    refuseField('images_per_description', 'field.with_descriptions');
  }
  checkSource(batch);
  if (batch.graph !== undefined) checkGraphBatch(batch);
}

function checkSource({ graph, workflow_name, task_type }: SubmitBatch): void {
  if (graph !== undefined && workflow_name !== undefined) {
    refuseField('graph', 'field.graph_or_workflow');
  }
  if (graph === undefined && workflow_name === undefined && task_type === undefined) {
    refuseField('workflow_name', 'field.name_workflow');
  }
}

/** A graph runs as written, except for the updates of its items. */
function checkGraphBatch({ tasks, descriptions, parameters, task_type, fixed_seed }: SubmitBatch): void {
  if (task_type !== undefined) refuseField('task_type', 'field.graph_type');
  if (descriptions !== undefined) refuseField('descriptions', 'field.graph_no_prompt');
  if (fixed_seed !== undefined) refuseField('fixed_seed', 'field.graph_seeds');
  const hasParameters = (item: BatchItem) => item.parameters !== undefined;
  const at = tasks?.findIndex(hasParameters) ?? -1;
  if (parameters !== undefined) refuseField('parameters', 'field.graph_parameters');
  if (at >= 0) refuseField(`tasks.${at}.parameters`, 'field.graph_parameters');
}

/** The body with numbers as written in graph, parameters and updates. */
function readBatchBody(request: FastifyRequest, body: SubmitBatch): SubmitBatch {
  checkBatch(body);
  const lossless = readLosslessBody(request);
  const exact: SubmitBatch = { ...body };
  if (body.graph) exact.graph = toRecord(lossless.graph);
  if (body.parameters) exact.parameters = toRecord(lossless.parameters);
  const items = lossless.tasks;
  if (body.tasks && Array.isArray(items))
    exact.tasks = body.tasks.map((task, index) => readItem(task, items[index]));
  return exact;
}

type BatchItem = NonNullable<SubmitBatch['tasks']>[number];

function readItem(item: BatchItem, lossless: unknown): BatchItem {
  const exact = toRecord(lossless);
  const updates = Array.isArray(exact.updates) ? exact.updates : [];
  return {
    ...item,
    ...(item.parameters ? { parameters: toRecord(exact.parameters) } : {}),
    ...(item.updates
      ? {
          updates: item.updates.map((update, index) => ({
            ...update,
            value: toRecord(updates[index]).value,
          })),
        }
      : {}),
  };
}
