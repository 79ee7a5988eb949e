import { z } from 'zod';
import { fingerprintSchema } from './fingerprint.ts';
import { recordedErrorSchema } from './recorded-error.ts';
import { folderPathSchema, storedTextSchema, timeLimitSchema } from './request-limits.ts';
import { textSchema } from './texts/text-schema.ts';

/** Task: held → queued → running → succeeded | failed | canceled | expired; running → held or queued on retry. */
export const TASK_STATES = [
  'held',
  'queued',
  'running',
  'succeeded',
  'failed',
  'canceled',
  'expired',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** States without outgoing edges. */
export const TERMINAL_STATES = ['succeeded', 'failed', 'canceled', 'expired'] as const;
export type TerminalState = (typeof TERMINAL_STATES)[number];

export function isTerminal(state: TaskState): state is TerminalState {
  return (TERMINAL_STATES as readonly string[]).includes(state);
}

/** Attempt: claimed → submitted → running → collecting → ended. */
export const ATTEMPT_STATES = ['claimed', 'submitted', 'running', 'collecting', 'ended'] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

/** How an attempt ended; data, not an exception. */
export const ATTEMPT_ENDINGS = ['succeeded', 'failed', 'interrupted', 'lost', 'refused'] as const;
export type AttemptEnding = (typeof ATTEMPT_ENDINGS)[number];

/** Why a task waits outside its lane. */
export const HELD_REASONS = [
  'no_worker_known',
  'no_worker_capable',
  'retry_delay',
  'batch_paused',
  'storage_full',
  /** Its paid nodes may have run: a user decides whether to run it again. */
  'needs_decision',
] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

/** A user's decision on a task that may already have cost money: run again, or end as failed. */
export const DECISIONS = ['run_again', 'give_up'] as const;
export type Decision = (typeof DECISIONS)[number];

/** POST /api/fleet/tasks/{id}/decide. */
export const decideTaskSchema = z.strictObject({ decision: z.enum(DECISIONS) }).meta({ id: 'DecideTask' });

/** State names of the v1 API, also accepted as filters. */
export const STATE_ALIASES: Readonly<Record<string, readonly TaskState[]>> = {
  pending: ['held', 'queued'],
  assigned: ['running'],
  processing: ['running'],
  completed: ['succeeded'],
  cancelled: ['canceled'],
  interrupted: ['canceled'],
};

/** Kinds of output of a graph node. */
export const OUTPUT_KINDS = ['image', 'video', 'audio', '3d', 'text', 'file', 'latent'] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** ISO 8601 in UTC with milliseconds; a plain string in the public document. */
export const timeSchema = z.string().meta({ format: 'date-time' });

/** Seeds reach 2^64 − 1, beyond JavaScript's exact integers, so on our wire they are decimal strings. */
export const seedSchema = z.string().regex(/^\d{1,20}$/);

/** Progress from the worker's frames: weighted over graph nodes and steps, never decreasing. */
export const progressSchema = z
  .object({
    /** 0 … 1; 1 only at completion. */
    value: z.number().min(0).max(1),
    nodes_done: z.int(),
    nodes_total: z.int(),
    nodes_cached: z.int(),
    current_node: z.string().nullable(),
    current_node_class: z.string().nullable(),
    step: z.int().nullable(),
    steps: z.int().nullable(),
    /** False while the socket that carries progress is lost; the task still finishes. */
    available: z.boolean(),
  })
  .meta({ id: 'Progress' });
export type Progress = z.infer<typeof progressSchema>;

export const resultSchema = z
  .object({
    index: z.int(),
    asset_id: z.string(),
    node_id: z.string(),
    name: z.string(),
    kind: z.enum(OUTPUT_KINDS),
    content_type: z.string(),
    size_bytes: z.int(),
    /** `blake3:<hex>` */
    hash: z.string(),
    /** Short-lived signed link; fetch the task again for a new one. */
    url: z.string(),
    /** Content of text outputs up to 64 kB, else null. */
    text: z.string().nullable(),
  })
  .meta({ id: 'Result' });
export type Result = z.infer<typeof resultSchema>;

export const attemptSchema = z
  .object({
    id: z.string(),
    number: z.int(),
    state: z.enum(ATTEMPT_STATES),
    ending: z.enum(ATTEMPT_ENDINGS).nullable(),
    worker_id: z.string(),
    worker_name: z.string(),
    prompt_id: z.string(),
    created_at: timeSchema,
    submitted_at: timeSchema.nullable(),
    /** When its prompt began to run on the worker. Servers before 0.2 send none. */
    started_at: timeSchema.nullable().optional(),
    ended_at: timeSchema.nullable(),
    error: recordedErrorSchema.nullable(),
    /** What it ran with; null for attempts of older versions. Servers before 0.2 send none. */
    fingerprint: fingerprintSchema.nullable().optional(),
  })
  .meta({ id: 'Attempt' });
export type Attempt = z.infer<typeof attemptSchema>;

/** GET /api/fleet/tasks/{id}/attempts: every try of a task, oldest first. */
export const attemptListSchema = z.object({ attempts: z.array(attemptSchema) }).meta({ id: 'AttemptList' });

export const taskSchema = z
  .object({
    task_id: z.string(),
    status: z.enum(TASK_STATES),
    /** Deprecated: the English of `message_text`. */
    message: z.string().meta({ deprecated: true }),
    /** Where the task is. Servers before 0.2 send none. */
    message_text: textSchema.optional(),
    task_type: z.string(),
    name: z.string().nullable(),
    workflow_name: z.string().nullable(),
    workflow_version: z.string().nullable(),
    /** The values the task runs with, resolved in the order request, configured default, graph value. */
    parameters: z.record(z.string(), z.unknown()),
    /** Decimal string; null when the graph has no seed. */
    seed: z.string().nullable(),
    priority: z.int(),
    owner_id: z.string(),
    project_id: z.string().nullable(),
    batch_id: z.string().nullable(),
    batch_index: z.int().nullable(),
    /** Of the current or last attempt. */
    worker_id: z.string().nullable(),
    worker_name: z.string().nullable(),
    prompt_id: z.string().nullable(),
    attempt_count: z.int(),
    held_reason: z.enum(HELD_REASONS).nullable(),
    /** It has nodes that cost money each time they run, as far as known from a worker. Servers before 0.2 send none. */
    paid: z.boolean().optional(),
    due_at: timeSchema.nullable(),
    /** Number of tasks ahead of this one in the order they would start; 0 is next; null if it does not wait. */
    queue_position: z.int().nullable(),
    /** Expected seconds until its end; null until a similar run was measured. */
    estimated_time: z.number().nullable(),
    /** When it is expected to start on a worker, or did start; null while unknown. */
    estimated_start: timeSchema.nullable(),
    /** Expected end; null until a similar run was measured. */
    estimated_end: timeSchema.nullable(),
    progress: progressSchema.nullable(),
    cancel_requested_at: timeSchema.nullable(),
    created_at: timeSchema,
    started_at: timeSchema.nullable(),
    completed_at: timeSchema.nullable(),
    /** Seconds from start to end of the attempt that ended the task. */
    duration_seconds: z.number().nullable(),
    timeout_seconds: z.number().nullable(),
    results: z.array(resultSchema),
    /** What is missing from the results, or looks odd about its end. Servers before 0.2 send none. */
    warning_texts: z.array(textSchema).optional(),
    /** Why it failed; for a task held for a decision, what happened to it. */
    error: recordedErrorSchema.nullable(),
  })
  .meta({ id: 'Task' });
export type Task = z.infer<typeof taskSchema>;

/** A task with its attempts: GET /api/v2/tasks/{id}. */
export const taskDetailSchema = taskSchema
  .extend({ attempts: z.array(attemptSchema) })
  .meta({ id: 'TaskDetail' });
export type TaskDetail = z.infer<typeof taskDetailSchema>;

/** Options of every submission besides its parameters. */
export const submitOptionsSchema = z.object({
  workflow_name: z.string().min(1).optional(),
  name: storedTextSchema.max(200).optional(),
  /** 1 … 10, 10 first. */
  priority: z.int().min(1).max(10).optional(),
  project_id: z.string().max(36).optional(),
  /** Limit of the whole run, waiting excluded; 0 means none, else at least 0.001. By default a run may go 900 s without progress. */
  timeout_seconds: timeLimitSchema
    .optional()
    .describe('Seconds that the whole run may take, waiting excluded: from 0.001; 0 means no limit.'),
  /** Maximum number of attempts, the first included. */
  max_attempts: z.int().min(1).max(10).optional(),
  /** The worker must have all of these labels. */
  labels: z.array(z.string().min(1).max(100)).max(20).optional(),
  /** Names or ids of the only workers that may run it. */
  workers: z.array(z.string().min(1).max(100)).max(100).optional(),
  /** Refuses a graph if only some of its outputs can run; otherwise those run and the others give warnings. Default false. */
  all_or_nothing: z.boolean().optional(),
  /** Pattern for result names: {prefix} {task} {index} {time}. */
  file_name: storedTextSchema.max(200).optional(),
  /** Folder below output_dir for the copies with readable names. */
  output_path: folderPathSchema
    .optional()
    .describe('Folder below output_dir for the readable copies: at most 1024 bytes, 255 in each name.'),
});
export type SubmitOptions = z.infer<typeof submitOptionsSchema>;

/** POST /api/v2/tasks: a named workflow with parameters, or a raw graph (needs the grant). */
export const submitTaskSchema = submitOptionsSchema
  .extend({
    task_type: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    /** ComfyUI's API format. Numbers reach the worker as written. */
    graph: z.record(z.string(), z.unknown()).optional(),
    /** Passed to the worker with this prompt only; api_key_comfy_org and the like are stored encrypted until the end. */
    extra_data: z.record(z.string(), z.unknown()).optional(),
    /** Only tests the fleet: in no list and no folder, found only by its id. */
    trial: z.boolean().optional(),
  })
  .meta({ id: 'SubmitTask' });
export type SubmitTask = z.infer<typeof submitTaskSchema>;

export const submittedSchema = z
  .object({
    task_id: z.string(),
    status: z.enum(TASK_STATES),
    /** Deprecated: the English of `message_text`. */
    message: z.string().meta({ deprecated: true }),
    message_text: textSchema.optional(),
    estimated_time: z.number().nullable(),
    queue_position: z.int().nullable(),
    /** Deprecated: the English of `warning_texts`. */
    warnings: z.array(z.string()).meta({ deprecated: true }),
    warning_texts: z.array(textSchema).optional(),
  })
  .meta({ id: 'Submitted' });
export type Submitted = z.infer<typeof submittedSchema>;

export const taskPageSchema = z
  .object({ tasks: z.array(taskSchema), total: z.int(), next_cursor: z.string().nullable() })
  .meta({ id: 'TaskPage' });
export type TaskPage = z.infer<typeof taskPageSchema>;
