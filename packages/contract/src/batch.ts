import { z } from 'zod';
import { storedTextSchema } from './request-limits.ts';
import { submitOptionsSchema, taskSchema, timeSchema } from './task.ts';
import { textSchema } from './texts/text-schema.ts';

export const BATCH_STATES = ['running', 'paused', 'canceled', 'finished'] as const;
export type BatchState = (typeof BATCH_STATES)[number];

/** One item of a batch: parameters that override the batch's, or `updates` of node inputs (BG10). */
export const batchItemSchema = z.strictObject({
  parameters: z.record(z.string(), z.unknown()).optional(),
  updates: z
    .array(z.strictObject({ node_id: z.string(), input_name: z.string(), value: z.unknown() }))
    .optional(),
  name: storedTextSchema.max(200).optional(),
});

/**
 * POST /api/v2/batches. Either `tasks` (a list of items) or `descriptions` × `images_per_description`.
 * Each item draws its own seed unless `fixed_seed` is set.
 */
export const submitBatchSchema = submitOptionsSchema
  .extend({
    task_type: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    graph: z.record(z.string(), z.unknown()).optional(),
    tasks: z.array(batchItemSchema).min(1).max(10_000).optional(),
    descriptions: z.array(z.string().min(1)).min(1).max(10_000).optional(),
    images_per_description: z.int().min(1).max(100).optional(),
    fixed_seed: z.boolean().optional(),
  })
  .meta({ id: 'SubmitBatch' });
export type SubmitBatch = z.infer<typeof submitBatchSchema>;

export const batchCountsSchema = z.object({
  total: z.int(),
  waiting: z.int(),
  running: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  canceled: z.int(),
  expired: z.int(),
});
export type BatchCounts = z.infer<typeof batchCountsSchema>;

export const batchSchema = z
  .object({
    batch_id: z.string(),
    /** Servers before 0.2 send none. */
    project_id: z.string().nullable().optional(),
    name: z.string().nullable(),
    status: z.enum(BATCH_STATES),
    /** Deprecated: the English of `message_text`. */
    message: z.string().meta({ deprecated: true }),
    message_text: textSchema.optional(),
    priority: z.int(),
    counts: batchCountsSchema,
    /** 0 … 1, over all items. */
    progress: z.number(),
    created_at: timeSchema,
    completed_at: timeSchema.nullable(),
    /** Seconds with two decimals once finished (BG3). */
    duration_seconds: z.number().nullable(),
    task_ids: z.array(z.string()),
    /** Only in the response to the submission: what looks unintended. Servers before 0.2 send none. */
    warning_texts: z.array(textSchema).optional(),
  })
  .meta({ id: 'Batch' });
export type Batch = z.infer<typeof batchSchema>;

export const batchDetailSchema = batchSchema
  .extend({ tasks: z.array(taskSchema) })
  .meta({ id: 'BatchDetail' });
export type BatchDetail = z.infer<typeof batchDetailSchema>;
