import { pendingTasksSchema, taskCheckSchema } from '@comfleet/contract';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { principalOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';
import { idParams } from './route-schemas.ts';

/** Adds routes that show why a task does not end. */
export function addDebugRoutes(app: HttpServer, { tasks }: NativeDeps): void {
  app.get('/api/fleet/debug/pending', {
    config: { access: 'client' },
    schema: {
      tags: ['debug'],
      summary: 'List unfinished tasks: all for an admin, else those of the caller',
      response: { 200: pendingTasksSchema },
    },
    handler: async (request) => {
      const pending = await tasks.listPending(principalOf(request));
      return {
        pending: pending.map((task) => ({
          task_id: task.taskId,
          status: task.state,
          age_seconds: Math.round(task.ageMs) / 1000,
          workflow_name: task.workflowName,
          worker_name: task.workerName,
          prompt_id: task.promptId,
          connection: task.connection,
          phase: task.phase,
        })),
      };
    },
  });

  app.post('/api/fleet/debug/check/:id', {
    config: { access: 'client', refusals: ['TASK_NOT_FOUND'] },
    schema: {
      tags: ['debug'],
      summary: 'Ask the worker about a task now, by task id or prompt id',
      params: idParams,
      response: { 200: taskCheckSchema },
    },
    handler: async (request) => {
      const check = await tasks.check(principalOf(request), request.params.id);
      return {
        task_id: check.taskId,
        status: check.state,
        place: check.place,
        finished: check.finished,
        error: check.error,
      };
    },
  });
}
