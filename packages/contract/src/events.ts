import { z } from 'zod';
import { recordedErrorSchema } from './recorded-error.ts';
import { HELD_REASONS, progressSchema, TASK_STATES, taskSchema, timeSchema } from './task.ts';

/** Every event of a task, in the past tense; stored in the same transaction as the state change. */
export const TASK_EVENT_TYPES = [
  'task.accepted',
  'task.held',
  'task.queued',
  'task.cancel_requested',
  'attempt.claimed',
  'attempt.submitted',
  'attempt.started',
  'attempt.collecting',
  /** A step taken against a stuck prompt, with its result. */
  'attempt.escalated',
  'attempt.ended',
  'attempt.adopted',
  'task.succeeded',
  'task.failed',
  'task.canceled',
  'task.expired',
] as const;
export type TaskEventType = (typeof TASK_EVENT_TYPES)[number];

/** One event of one task. `number` is the task's version: 1, 2, 3 … without gaps. */
export const taskEventSchema = z
  .object({
    task_id: z.string(),
    number: z.int(),
    type: z.enum(TASK_EVENT_TYPES),
    at: timeSchema,
    status: z.enum(TASK_STATES),
    /** Who or what caused it: a principal's id, or `system`. */
    actor: z.string(),
    attempt_id: z.string().nullable(),
    attempt_number: z.int().nullable(),
    worker_id: z.string().nullable(),
    /** Also set if the worker has left the fleet. Servers before 0.2 send none. */
    worker_name: z.string().nullable().optional(),
    prompt_id: z.string().nullable(),
    held_reason: z.enum(HELD_REASONS).nullable(),
    error: recordedErrorSchema.nullable(),
    details: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: 'TaskEvent' });
export type TaskEvent = z.infer<typeof taskEventSchema>;

/** Sent to watchers only, never stored: the newest wins, at most two a second across processes. */
export const previewSchema = z
  .object({ node_id: z.string(), content_type: z.string(), data_base64: z.string() })
  .meta({ id: 'Preview' });
export type Preview = z.infer<typeof previewSchema>;

/** A frame of the stream of a task, a batch or the caller, over SSE (`event:` = kind, `id:` = event number) or the live socket. */
export type StreamFrame =
  | { kind: 'snapshot'; task: z.infer<typeof taskSchema> }
  | { kind: 'event'; event: TaskEvent; task: z.infer<typeof taskSchema> | null }
  | { kind: 'progress'; task_id: string; progress: z.infer<typeof progressSchema> }
  | { kind: 'preview'; task_id: string; preview: Preview };

export const streamFrameSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('snapshot'), task: taskSchema }),
    z.object({ kind: z.literal('event'), event: taskEventSchema, task: taskSchema.nullable() }),
    z.object({ kind: z.literal('progress'), task_id: z.string(), progress: progressSchema }),
    z.object({ kind: z.literal('preview'), task_id: z.string(), preview: previewSchema }),
  ])
  .meta({ id: 'StreamFrame' });

/** A message from the client on the live socket (`/api/v2/live`). */
export const liveRequestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('auth'), token: z.string() }),
  z.object({ type: z.literal('watch_task'), task_id: z.string(), after: z.int().optional() }),
  z.object({ type: z.literal('watch_batch'), batch_id: z.string() }),
  z.object({ type: z.literal('watch_own') }),
  z.object({ type: z.literal('unwatch'), task_id: z.string().optional(), batch_id: z.string().optional() }),
]);
export type LiveRequest = z.infer<typeof liveRequestSchema>;

/** A message from the server on the live socket. */
export type LiveMessage =
  | { type: 'ready'; principal_id: string }
  | { type: 'frame'; frame: StreamFrame }
  | { type: 'error'; error: { code: string; message: string } };
