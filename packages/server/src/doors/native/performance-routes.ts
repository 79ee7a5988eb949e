import {
  type NodePerformanceList,
  nodePerformanceSchema,
  PERFORMANCE_GROUPS,
  type PerformanceGroup,
  type PrincipalId,
  type TaskPerformance,
  taskPerformanceSchema,
} from '@comfleet/contract';
import { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import { z } from 'zod';
import { NO_TASKS, type PerformanceReport } from '../../flow/calls/performance/performance-calls.ts';
import { may, type Principal } from '../../people/identity/principal.ts';
import { formatDisposition } from '../../platform/http/content-disposition.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { toCsvLine } from '../../platform/text/csv.ts';
import { isDay } from '../../platform/time/calendar-day.ts';
import { principalOf } from '../authentication.ts';
import { exportResponses } from '../route-responses.ts';
import type { NativeDeps } from './native-deps.ts';

const MAX_GROUPS = 500;
const id = (description: string) => z.string().max(200).optional().describe(description);

const periodQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(366).default(30).describe('How many days, the last one included.'),
  until: z
    .string()
    .max(10)
    .refine(isDay, DEFINITION_TEXTS.en['value.day'])
    .optional()
    .describe('The last day, such as 2026-03-29; today if absent.'),
});
const ownQuery = periodQuery.extend({
  group_by: z.enum(PERFORMANCE_GROUPS).default('day'),
  project_id: id('Only tasks of this project.'),
  workflow: id('Only tasks of the workflow with this name.'),
  worker: id('Only tasks that ended on the worker with this id.'),
});
const taskQuery = ownQuery.extend({ user: id('Only tasks of the user or client with this id.') });

/** Adds statistics of ended tasks (API9, DB7–DB9): of everyone, and of the caller. */
export function addPerformanceRoutes(app: HttpServer, deps: NativeDeps): void {
  addTaskRoutes(app, deps);
  addNodeRoute(app, deps);
  addOwnRoute(app, deps);
}

function addTaskRoutes(app: HttpServer, deps: NativeDeps): void {
  const load = (query: z.infer<typeof taskQuery>) =>
    deps.performance.report({ ...toQuery(query), ownerId: query.user });
  app.get('/api/v2/admin/performance/tasks', {
    config: { access: 'tasks.see_all' },
    schema: {
      tags: ['admin'],
      summary:
        'What came of the tasks of some days: counts, waits and runs with percentiles, and the days before',
      querystring: taskQuery,
      response: { 200: taskPerformanceSchema },
    },
    handler: async (request) =>
      toPerformance(await load(request.query), request.query.group_by, (by) =>
        loadNames(deps, principalOf(request), by),
      ),
  });

  app.get('/api/v2/admin/performance/tasks/export', {
    config: { access: 'tasks.see_all' },
    schema: {
      tags: ['admin'],
      summary: 'The groups of the same as a CSV file, all of them',
      querystring: taskQuery,
      response: exportResponses(['text/csv']),
    },
    handler: async (request, reply) => {
      const { group_by: by } = request.query;
      const report = await load(request.query);
      const nameOf = await loadNames(deps, principalOf(request), by)(report.groups.map(({ key }) => key));
      reply.header('content-disposition', formatDisposition('attachment', `tasks-by-${by}.csv`));
      reply.header('cache-control', 'no-store');
      return reply.type('text/csv; charset=utf-8').send(toCsv(report, by, nameOf));
    },
  });
}

function addNodeRoute(app: HttpServer, { performance, fleet }: NativeDeps): void {
  app.get('/api/v2/admin/performance/nodes', {
    config: { access: 'fleet.see' },
    schema: {
      tags: ['admin'],
      summary: 'What came of the tasks of some days on each worker',
      querystring: periodQuery,
      response: { 200: nodePerformanceSchema },
    },
    handler: async (request): Promise<NodePerformanceList> => {
      const report = await performance.report({ ...request.query, by: 'worker' });
      const workers = new Map((await fleet.list()).map((worker) => [worker.worker_id as string, worker]));
      const ran = report.groups.flatMap(({ key, measures }) => (key === null ? [] : [{ key, measures }]));
      const idle = [...workers.keys()].filter((key) => ran.every((one) => one.key !== key));
      return {
        ...{ since: report.since, until: report.until, time_zone: report.zone },
        nodes: [...ran, ...idle.map((key) => ({ key, measures: NO_TASKS }))].map(({ key, measures }) => ({
          worker_id: key,
          name: workers.get(key)?.name ?? null,
          state: workers.get(key)?.state ?? null,
          ...measures,
        })),
      };
    },
  });
}

function addOwnRoute(app: HttpServer, deps: NativeDeps): void {
  app.get('/api/v2/performance', {
    config: { access: 'client', refusals: ['PROJECT_NOT_FOUND'] },
    schema: {
      tags: ['tasks'],
      summary: 'The same of the tasks of the caller, or of a project of the caller',
      querystring: ownQuery,
      response: { 200: taskPerformanceSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { project_id: projectId, group_by: by } = request.query;
      const project =
        projectId === undefined ? null : await deps.identity.projects.load(principal, projectId);
      const query = toQuery({ ...request.query, project_id: project?.project_id });
      const report = await deps.performance.report(project ? query : { ...query, ownerId: principal.id });
      return toPerformance(report, by, (kind) => loadNames(deps, principal, kind));
    },
  });
}

function toQuery(query: z.infer<typeof ownQuery>) {
  const { days, until, group_by: by, project_id: projectId, workflow, worker: workerId } = query;
  return { days, until, by, projectId, workflow, workerId };
}

type Names = (keys: readonly (string | null)[]) => Promise<(key: string) => string | null>;

/** Names for the keys of groups, as far as the caller may know them. */
function loadNames(deps: NativeDeps, principal: Principal, by: PerformanceGroup): Names {
  const { identity, fleet } = deps;
  return async (keys) => {
    switch (by) {
      case 'user': {
        const names = await identity.names(keys.filter((key) => key !== null) as PrincipalId[]);
        return (key) => names.get(key as PrincipalId) ?? null;
      }
      case 'project': {
        const which = may(principal, 'tasks.see_all') ? 'all' : 'own';
        return findName(await identity.projects.list(principal, which), (one) => [one.project_id, one.name]);
      }
      case 'worker':
        return findName(await fleet.list(), (one) => [one.worker_id, one.name]);
      case 'day':
      case 'workflow':
        return (key) => key;
    }
  };
}

function findName<Item>(items: readonly Item[], read: (item: Item) => [id: string, name: string]) {
  const names = new Map(items.map(read));
  return (key: string) => names.get(key) ?? null;
}

async function toPerformance(
  report: PerformanceReport,
  by: PerformanceGroup,
  names: (by: PerformanceGroup) => Names,
): Promise<TaskPerformance> {
  const shown = report.groups.slice(0, MAX_GROUPS);
  const nameOf = await names(by)(shown.map(({ key }) => key));
  return {
    ...{ since: report.since, until: report.until, time_zone: report.zone },
    ...{ total: report.total, before: report.before, group_by: by },
    groups: shown.map(({ key, measures }) => ({ key, name: key === null ? null : nameOf(key), ...measures })),
    left_out: report.groups.length - shown.length,
  };
}

function toCsv(
  { groups }: PerformanceReport,
  by: PerformanceGroup,
  nameOf: (key: string) => string | null,
): string {
  const durations = ['count', 'average_seconds', 'p50_seconds', 'p95_seconds', 'p99_seconds'] as const;
  const counts = ['tasks', 'succeeded', 'failed', 'canceled', 'expired', 'success_rate', 'attempts'] as const;
  const heads = [by, 'name', ...counts];
  for (const kind of ['wait', 'run']) heads.push(...durations.map((name) => `${kind}_${name}`));
  const lines = groups.map(({ key, measures }) =>
    toCsvLine([
      ...[key, key === null ? null : nameOf(key), ...counts.map((name) => measures[name])],
      ...durations.map((name) => measures.wait[name]),
      ...durations.map((name) => measures.run[name]),
    ]),
  );
  return `\uFEFF${toCsvLine(heads)}${lines.join('')}`;
}
