import { publicConfigSchema } from '@comfleet/contract';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { principalOf } from '../authentication.ts';
import type { NativeDeps } from './native-deps.ts';

/** Adds what a front end needs for its forms (API17). */
export function addSettingsRoute(app: HttpServer, deps: NativeDeps): void {
  // The listener reads its own limits once.
  const { jsonBodyBytes, graphBodyBytes } = deps.config.current.limits;
  app.get('/api/v2/config', {
    config: { access: 'client' },
    schema: {
      tags: ['workflows'],
      summary: 'Task types, formats, limits, presets and defaults for front ends',
      response: { 200: publicConfigSchema },
    },
    handler: async (request) => {
      const listed = await deps.workflows.list(principalOf(request));
      const workflows = listed.filter((workflow) => workflow.enabled);
      const types = [...new Set(workflows.map((workflow) => workflow.task_type))];
      const { limits, comfyui, placement } = deps.config.current;
      return {
        version: deps.version,
        task_types: types.map((name) => {
          const own = workflows.filter((workflow) => workflow.task_type === name);
          const settings = deps.workflows.typeSettings(name);
          return {
            name,
            default_workflow: own.find((workflow) => workflow.is_default)?.name ?? null,
            workflows: own.map((workflow) => workflow.name),
            priority: settings.priority,
            max_concurrent_tasks: settings.maxConcurrent,
          };
        }),
        upload: { formats: ['image/jpeg', 'image/png', 'image/webp'], max_bytes: limits.uploadBytes },
        limits: {
          json_body_bytes: jsonBodyBytes,
          graph_body_bytes: graphBodyBytes,
          batch_items: 10_000,
          waiting_tasks: limits.waitingPerClient,
          priority: { min: 1, max: 10 },
        },
        presets: Object.fromEntries(workflows.map((workflow) => [workflow.name, workflow.presets ?? {}])),
        defaults: {
          timeout_seconds: comfyui.timeoutMs / 1000,
          max_attempts: placement.maxAttempts,
          priority: 5,
        },
        languages: ['en', 'zh'],
      };
    },
  });
}
