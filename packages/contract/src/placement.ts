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

/** Why a worker cannot be used now. */
const troubleSchema = z.object({
  since: timeSchema,
  /** What is wrong, what is being done, and what the user can do. */
  texts: z.array(textSchema),
});
export type WorkerTrouble = z.infer<typeof troubleSchema>;

const workerReasonSchema = z.object({
  worker_id: z.string(),
  name: z.string(),
  load: z.int(),
  slots: z.int(),
  /** The task's models are loaded there, or it needs none. */
  hot: z.boolean(),
  /** Null: the worker could take the task, which only waits for its turn. */
  reason: z.enum(REFUSALS).nullable(),
  /** What the worker lacks, for reasons of that kind. */
  missing: z.string().nullable(),
  /** Null for a worker that is healthy, or that a user took out of service. Servers before 0.2 send none. */
  trouble: troubleSchema.nullish(),
});

/** GET /api/fleet/tasks/{id}/placement: why a task waits, or why it runs where it does. */
export const placementSchema = z
  .object({
    task_id: z.string(),
    status: z.enum(TASK_STATES),
    /** Deprecated: the English of `message_texts`. */
    message: z.string().meta({ deprecated: true }),
    /** Where the task is, and why each worker does or does not take it. */
    message_texts: z.array(textSchema).optional(),
    /** Null unless the task waits. */
    waiting: z
      .object({
        held_reason: z.enum(HELD_REASONS).nullable(),
        queue_position: z.int().nullable(),
        /** Its task type has reached `max_concurrent_tasks`. */
        /** The limit of tasks on workers that is reached: of the task type, of its owner, or of its project. */
        full: z.enum(['task_type', 'owner', 'project']).nullable(),
        task_type_full: z.boolean(),
        /** How often tasks with loaded models overtook the first task of its lane, and the limit. */
        overtaken: z.int(),
        overtaken_limit: z.int(),
        /** Seconds since the first task of its lane was first overtaken. */
        passed_seconds: z.number().nullable(),
        workers: z.array(workerReasonSchema),
      })
      .nullable(),
    /** Placement of the newest attempt; null before the first. Lower scores are better. */
    placed: z
      .object({
        worker_id: z.string().nullable(),
        worker_name: z.string().nullable(),
        /** Set while the task runs there; null while the worker is healthy. */
        trouble: troubleSchema.nullish(),
        at: timeSchema,
        strategy: z.string(),
        /** `no_models`: it needs none; `hot`: its models were loaded there; `switch`: they are loaded for it; `overdue`: overtaken for too long. */
        ground: z.string(),
        candidates: z.int(),
        scores: z.array(z.object({ worker: z.string(), score: z.array(z.number()), load: z.int() })),
        /** Number of workers that were ruled out, by reason. */
        refused: z.record(z.string(), z.int()),
      })
      .nullable(),
  })
  .meta({ id: 'Placement' });
export type Placement = z.infer<typeof placementSchema>;

/** GET /api/fleet/placement: decisions of the balancer since the server started, and the waiting lanes. */
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
        /** Workers that can run the lane's tasks, and those of them with a free slot. */
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
        /** Models it will have loaded after the prompts it was sent. */
        models: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: 'Balancer' });
export type Balancer = z.infer<typeof balancerSchema>;
