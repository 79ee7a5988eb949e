import {
  attemptListSchema,
  decideTaskSchema,
  formatDefinitionProblem,
  HELD_REASONS,
  placementSchema,
  reloadedSchema,
  STATE_ALIASES,
  storedTextSchema,
  TASK_STATES,
  type TaskState,
  taskDetailSchema,
  taskEventListSchema,
  taskPageSchema,
  taskStatusSchema,
} from '@comfleet/contract';
import { z } from 'zod';
import type { TaskFilter } from '../../flow/calls/tasks/task-calls.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { requestProblem } from '../../platform/http/request-problem.ts';
import { sendJsonText } from '../../platform/http/send-json-text.ts';
import { principalOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams, pageQuery, readCursor, readFilterId, readTaskId, readTime } from './route-schemas.ts';

const taskListQuery = pageQuery.extend({
  status: z
    .string()
    .max(200)
    .optional()
    .describe('Only tasks in these states, or in the groups pending, processing, completed, cancelled.'),
  held_reason: z.enum(HELD_REASONS).optional().describe('Only tasks held for this reason.'),
  task_type: storedTextSchema.max(200).optional(),
  worker: z.string().max(200).optional().describe('Only tasks on this worker, by id.'),
  batch_id: z.string().max(200).optional(),
  project_id: z.string().max(200).optional().describe('Only tasks of this project.'),
  since: z
    .string()
    .max(40)
    .optional()
    .describe('Only tasks accepted at or after this time: ISO 8601, or seconds since 1970.'),
  until: z.string().max(40).optional().describe('Only tasks accepted before this time.'),
});
type TaskListQuery = z.infer<typeof taskListQuery>;

/** Adds routes to read and end tasks. */
export function addTaskRoutes(app: HttpServer, deps: NativeDeps): void {
  addReadRoutes(app, deps);
  addCancelRoutes(app, deps);
  addRecordRoutes(app, deps);
  addReloadRoute(app, deps);
}

function addReadRoutes(app: HttpServer, { tasks }: NativeDeps): void {
  app.get('/api/v2/tasks', {
    config: { access: 'client' },
    schema: {
      tags: ['tasks'],
      summary: 'List tasks, newest first',
      querystring: taskListQuery,
      response: { 200: taskPageSchema },
    },
    handler: async (request) => {
      const page = await tasks.list(principalOf(request), toFilter(request.query));
      return { tasks: page.tasks, total: page.total, next_cursor: page.nextCursor };
    },
  });

  app.get('/api/v2/tasks/:id', {
    config: { access: 'client', refusals: ['TASK_NOT_FOUND'] },
    schema: {
      tags: ['tasks'],
      summary: 'One task with its attempts and results',
      params: idParams,
      response: { 200: taskDetailSchema },
    },
    handler: (request) => tasks.load(principalOf(request), readTaskId(request.params.id)),
  });

  app.get('/api/v2/tasks/:id/status', {
    config: { access: 'client', refusals: ['TASK_NOT_FOUND'] },
    schema: {
      tags: ['tasks'],
      summary: 'The state of a task, for clients that poll',
      params: idParams,
      response: { 200: taskStatusSchema },
    },
    handler: async (request) => {
      const task = await tasks.load(principalOf(request), readTaskId(request.params.id));
      const { task_id, status, message, progress, queue_position, error } = task;
      const { estimated_time, estimated_start, estimated_end } = task;
      const estimates = { estimated_time, estimated_start, estimated_end };
      return { task_id, status, message, progress, queue_position, ...estimates, error };
    },
  });
}

function addCancelRoutes(app: HttpServer, { tasks }: NativeDeps): void {
  app.delete('/api/v2/tasks/:id', {
    config: { access: 'tasks.run', refusals: ['TASK_NOT_FOUND', 'PROJECT_READ_ONLY'] },
    schema: {
      tags: ['tasks'],
      summary: 'Cancel a task',
      params: idParams,
      response: { 200: taskDetailSchema },
    },
    handler: (request) => tasks.cancel(principalOf(request), readTaskId(request.params.id)),
  });

  app.post('/api/fleet/tasks/:id/decide', {
    config: { access: 'tasks.run', refusals: ['TASK_NOT_FOUND', 'PROJECT_READ_ONLY', 'CONFLICT'] },
    schema: {
      tags: ['tasks'],
      summary: 'Decide whether to send a task again whose paid nodes may have run',
      params: idParams,
      body: decideTaskSchema,
      response: { 200: taskDetailSchema },
    },
    handler: (request) =>
      tasks.decide(principalOf(request), readTaskId(request.params.id), request.body.decision),
  });

  app.post('/api/v2/tasks/:id/cancel', {
    config: { access: 'tasks.run', refusals: ['TASK_NOT_FOUND', 'PROJECT_READ_ONLY'] },
    schema: {
      tags: ['tasks'],
      summary: 'Cancel a task',
      params: idParams,
      response: { 200: taskDetailSchema },
    },
    handler: (request) => tasks.cancel(principalOf(request), readTaskId(request.params.id)),
  });
}

function addRecordRoutes(app: HttpServer, { tasks }: NativeDeps): void {
  app.get('/api/fleet/tasks/:id/events', {
    config: { access: 'client', refusals: ['TASK_NOT_FOUND'] },
    schema: {
      tags: ['tasks'],
      summary: 'List the events of a task',
      params: idParams,
      querystring: z.strictObject({ after: z.coerce.number().int().min(0).default(0) }),
      response: { 200: taskEventListSchema },
    },
    handler: async (request) => {
      const id = readTaskId(request.params.id);
      return { events: await tasks.loadEvents(principalOf(request), id, request.query.after) };
    },
  });

  app.get('/api/fleet/tasks/:id/attempts', {
    config: { access: 'client', refusals: ['TASK_NOT_FOUND'] },
    schema: {
      tags: ['tasks'],
      summary: 'List the attempts of a task: worker, prompt id, ending and timings, oldest first',
      params: idParams,
      response: { 200: attemptListSchema },
    },
    handler: async (request) => ({
      attempts: await tasks.listAttempts(principalOf(request), readTaskId(request.params.id)),
    }),
  });

  app.get('/api/fleet/tasks/:id/placement', {
    config: { access: 'client', refusals: ['TASK_NOT_FOUND'] },
    schema: {
      tags: ['tasks'],
      summary: 'Why a task waits, or why it runs where it does',
      params: idParams,
      response: { 200: placementSchema },
    },
    handler: (request) => tasks.explain(principalOf(request), readTaskId(request.params.id)),
  });

  app.get('/api/fleet/tasks/:id/graph', {
    config: { access: 'client', refusals: ['TASK_NOT_FOUND'] },
    schema: {
      tags: ['tasks'],
      summary: 'The graph that a task runs, with its numbers as written',
      params: idParams,
      response: { 200: z.record(z.string(), z.unknown()) },
    },
    handler: async (request, reply) => {
      const text = await tasks.loadGraphText(principalOf(request), readTaskId(request.params.id));
      return sendJsonText(reply, text);
    },
  });
}

function addReloadRoute(app: HttpServer, { workflows, config }: NativeDeps): void {
  app.post('/api/v2/tasks/reload', {
    config: { access: 'fleet.manage' },
    schema: {
      tags: ['workflows'],
      summary: 'Read the configuration and the workflow files again, now',
      response: { 200: reloadedSchema },
    },
    handler: async () => {
      await config.reload();
      const { workflows: count, problems } = await workflows.reload();
      const all = [...config.problems(), ...problems];
      return { workflows: count, errors: all.map((one) => formatDefinitionProblem(one)), problems: all };
    },
  });
}

function toFilter(query: TaskListQuery): TaskFilter {
  return {
    states: query.status === undefined ? undefined : readStates(query.status),
    heldReason: query.held_reason,
    taskType: query.task_type,
    workerId: query.worker === undefined ? undefined : readFilterId<'worker'>(query.worker),
    projectId: query.project_id === undefined ? undefined : readFilterId<'project'>(query.project_id),
    batchId: query.batch_id === undefined ? undefined : readFilterId<'batch'>(query.batch_id),
    sinceMs: readTime('since', query.since),
    untilMs: readTime('until', query.until),
    limit: query.limit,
    cursor: readCursor<'task'>(query.cursor),
  };
}

/** Parses comma-separated states, ours or those of the v1 API. */
export function readStates(text: string): TaskState[] {
  const states = text.split(',').flatMap((part) => {
    const word = part.trim().toLowerCase();
    const own = TASK_STATES.filter((state) => state === word);
    const found = own.length > 0 ? own : Object.hasOwn(STATE_ALIASES, word) ? STATE_ALIASES[word] : undefined;
    if (!found) {
      const known = [...TASK_STATES, ...Object.keys(STATE_ALIASES)].join(', ');
      const text = { code: 'field.status', params: { status: word, known } };
      const problems = [requestProblem('status', text)];
      throw new AppError('INVALID_REQUEST', { in: 'querystring', problems });
    }
    return [...found];
  });
  return [...new Set(states)];
}
