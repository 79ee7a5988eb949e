import { z } from 'zod';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { NativeDeps } from './native-deps.ts';
import { problemAnswers } from './route-schemas.ts';

const settingsSchema = z
  .object({
    task_types: z.array(
      z.object({
        name: z.string(),
        default_workflow: z.string().nullable(),
        workflows: z.array(z.string()),
      }),
    ),
    upload: z.object({ formats: z.array(z.string()), max_bytes: z.int() }),
    limits: z.object({
      json_body_bytes: z.int(),
      graph_body_bytes: z.int(),
      batch_items: z.int(),
      waiting_tasks: z.int(),
      priority: z.object({ min: z.int(), max: z.int() }),
    }),
    presets: z.record(z.string(), z.record(z.string(), z.unknown())),
    defaults: z.object({ timeout_seconds: z.number(), max_attempts: z.int(), priority: z.int() }),
    languages: z.array(z.string()),
  })
  .meta({ id: 'Settings' });

/** What a front end needs to draw its forms (API17). */
export function addSettingsRoute(app: HttpServer, { flow, config }: NativeDeps): void {
  app.get('/api/v2/config', {
    config: { access: 'client' },
    schema: {
      tags: ['workflows'],
      summary: 'Task types, formats, limits, presets and defaults for front ends',
      response: { 200: settingsSchema, ...problemAnswers },
    },
    handler: async () => {
      const workflows = (await flow.workflows.list()).filter((workflow) => workflow.enabled);
      const types = [...new Set(workflows.map((workflow) => workflow.task_type))];
      const { limits, comfyui, placement } = config.current;
      return {
        task_types: types.map((name) => {
          const own = workflows.filter((workflow) => workflow.task_type === name);
          return {
            name,
            default_workflow: own.find((workflow) => workflow.is_default)?.name ?? null,
            workflows: own.map((workflow) => workflow.name),
          };
        }),
        upload: { formats: ['image/jpeg', 'image/png', 'image/webp'], max_bytes: limits.uploadBytes },
        limits: {
          json_body_bytes: limits.jsonBodyBytes,
          graph_body_bytes: limits.graphBodyBytes,
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
