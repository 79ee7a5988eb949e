import { z } from 'zod';
import { HELD_REASONS, TASK_STATES, timeSchema } from './task.ts';
import { textSchema } from './texts/text-schema.ts';

/** Why a worker does not take a waiting task now. */
export const REFUSALS = [
  'offline',
  'error',
  'maintenance',
  'draining',
  'disabled',
  'adopting',
  'full',
  'suspect',
  'cold',
  'failed_here',
  'backup',
  'simulated_beside_real',
  'no_inventory',
  'not_pinned',
  'task_type',
  'label',
  'class_type',
  'model',
  'choice',
  'vram',
  'upload_limit',
] as const;
export type RefusalReason = (typeof REFUSALS)[number];

/** What is wrong with a worker that cannot be used now. */
const troubleSchema = z.object({
  since: timeSchema,
  /** What is wrong, and what is done or to be done about it. */
  texts: z.array(textSchema),
});
export type WorkerTrouble = z.infer<typeof troubleSchema>;

const workerReasonSchema = z.object({
  worker_id: z.string(),
  name: z.string(),
  load: z.int(),
  slots: z.int(),
  /** Its models are loaded there, or it needs none. */
  hot: z.boolean(),
  /** Null: it could take the task, which waits for its turn only. */
  reason: z.enum(REFUSALS).nullable(),
  /** What it lacks, for reasons that lack something. */
  missing: z.string().nullable(),
  /** Null for a worker that is well, or that somebody took out. Servers before 0.2 send none. */
  trouble: troubleSchema.nullish(),
});

/** GET /api/fleet/tasks/{id}/placement: why a task waits, or why it runs where it does. */
export const placementSchema = z
  .object({
    task_id: z.string(),
    status: z.enum(TASK_STATES),
    /** Deprecated: the English of `message_texts`. */
    message: z.string().meta({ deprecated: true }),
    /** Where the task is, and what the workers say to it. */
    message_texts: z.array(textSchema).optional(),
    /** Null unless it waits. */
    waiting: z
      .object({
        held_reason: z.enum(HELD_REASONS).nullable(),
        queue_position: z.int().nullable(),
        /** Its task type has as many tasks on workers as `max_concurrent_tasks` allows. */
        task_type_full: z.boolean(),
        /** How often tasks whose models were loaded went before the first one of its kind, and the bound. */
        overtaken: z.int(),
        overtaken_limit: z.int(),
        /** Seconds since the first one of its kind is passed over. */
        passed_seconds: z.number().nullable(),
        workers: z.array(workerReasonSchema),
      })
      .nullable(),
    /** Of the newest attempt; null before the first. Smaller scores are better. */
    placed: z
      .object({
        worker_id: z.string().nullable(),
        worker_name: z.string().nullable(),
        /** While the task runs there; null while the worker is well. */
        trouble: troubleSchema.nullish(),
        at: timeSchema,
        strategy: z.string(),
        /** `no_models`: it needs none; `hot`: its models were loaded there; `switch`: they are loaded for it; `overdue`: it was passed over long enough. */
        ground: z.string(),
        candidates: z.int(),
        scores: z.array(z.object({ worker: z.string(), score: z.array(z.number()), load: z.int() })),
        /** How many workers were out for which reason. */
        refused: z.record(z.string(), z.int()),
      })
      .nullable(),
  })
  .meta({ id: 'Placement' });
export type Placement = z.infer<typeof placementSchema>;

/** GET /api/fleet/placement: what the balancer did and has before it, since the server started. */
export const balancerSchema = z
  .object({
    strategy: z.string(),
    waiting: z.int(),
    lanes: z.array(
      z.object({
        lane: z.string(),
        task_type: z.string(),
        models: z.array(z.string()),
        waiting: z.int(),
        overtaken: z.int(),
        /** Workers that can run its tasks, and those with a free slot. */
        workers: z.int(),
        free_workers: z.int(),
      }),
    ),
    workers: z.array(
      z.object({
        worker_id: z.string(),
        name: z.string(),
        selections: z.int(),
        last_selected_at: timeSchema.nullable(),
        load: z.int(),
        slots: z.int(),
        /** Models it has loaded when what it was sent is done. */
        models: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'Balancer' });
export type Balancer = z.infer<typeof balancerSchema>;
