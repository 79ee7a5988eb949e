import { z } from 'zod';
import { batchSchema } from './batch.ts';
import { taskEventSchema } from './events.ts';
import { clientSchema, GRANTS } from './people.ts';
import { recordedErrorSchema } from './recorded-error.ts';
import { TASK_STATES, taskSchema } from './task.ts';
import { definitionProblemSchema } from './workflow.ts';

/** GET /api/v2/tasks/{id}/status: small enough to poll. */
export const taskStatusSchema = taskSchema
  .pick({
    task_id: true,
    status: true,
    message: true,
    message_text: true,
    progress: true,
    queue_position: true,
    estimated_time: true,
    estimated_start: true,
    estimated_end: true,
    error: true,
  })
  .meta({ id: 'TaskStatus' });
export type TaskStatus = z.infer<typeof taskStatusSchema>;

/** GET /api/v2/batches. */
export const batchPageSchema = z
  .object({ batches: z.array(batchSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'BatchPage' });
export type BatchPage = z.infer<typeof batchPageSchema>;

/** GET /api/v2/admin/clients. */
export const clientListSchema = z.object({ clients: z.array(clientSchema) }).meta({ id: 'ClientList' });

/** POST /api/v2/admin/clients/{id}/grants. */
export const grantsSchema = z.object({ grants: z.array(z.enum(GRANTS)) }).meta({ id: 'Grants' });

/** GET /api/fleet/tasks/{id}/events. */
export const taskEventListSchema = z
  .object({ events: z.array(taskEventSchema) })
  .meta({ id: 'TaskEventList' });

/** POST /api/v2/tasks/reload. */
export const reloadedSchema = z
  .object({
    workflows: z.int(),
    /** One line per entry of `problems`. */
    errors: z.array(z.unknown()),
    /** Servers before 0.2 send none. */
    problems: z.array(definitionProblemSchema).optional(),
  })
  .meta({ id: 'Reloaded' });
export type Reloaded = z.infer<typeof reloadedSchema>;

/** One open task as the debugging calls show it (CL8). */
export const pendingTaskSchema = z
  .object({
    task_id: z.string(),
    status: z.enum(TASK_STATES),
    /** Since acceptance. */
    age_seconds: z.number(),
    workflow_name: z.string().nullable(),
    worker_name: z.string().nullable(),
    prompt_id: z.string().nullable(),
    /** The socket of the task's worker; null while the task has none. */
    connection: z.enum(['connected', 'connecting', 'closed']).nullable(),
    /** Phase of its current attempt. */
    phase: z.string().nullable(),
  })
  .meta({ id: 'PendingTask' });
export type PendingTask = z.infer<typeof pendingTaskSchema>;

/** GET /api/fleet/debug/pending. */
export const pendingTasksSchema = z
  .object({ pending: z.array(pendingTaskSchema) })
  .meta({ id: 'PendingTasks' });

/** Where a prompt is according to its worker. */
export const PROMPT_PLACES = [
  'history',
  'running',
  'pending',
  'absent',
  'unreachable',
  'not_submitted',
] as const;

/** POST /api/fleet/debug/check/{prompt_id or task_id}: queries the worker now; returns the task after that (CL9). */
export const taskCheckSchema = z
  .object({
    task_id: z.string(),
    status: z.enum(TASK_STATES),
    place: z.enum(PROMPT_PLACES),
    finished: z.boolean(),
    error: recordedErrorSchema.nullable(),
  })
  .meta({ id: 'TaskCheck' });
export type TaskCheck = z.infer<typeof taskCheckSchema>;

/** GET /api/v2/config: what a page needs to draw its form (API17). */
export const publicConfigSchema = z
  .object({
    /** Of the server. */
    version: z.string().optional(),
    task_types: z.array(
      z.object({
        name: z.string(),
        default_workflow: z.string().nullable(),
        workflows: z.array(z.string()),
        /** Priority of its tasks that set none; 1 … 10, 10 first. */
        priority: z.int(),
        /** Maximum number of its tasks on all workers together; null means no limit. */
        max_concurrent_tasks: z.int().nullable(),
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
export type PublicConfig = z.infer<typeof publicConfigSchema>;
