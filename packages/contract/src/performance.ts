import { z } from 'zod';

/** What tasks are grouped by. */
export const PERFORMANCE_GROUPS = ['day', 'project', 'user', 'workflow', 'worker'] as const;
export type PerformanceGroup = (typeof PERFORMANCE_GROUPS)[number];

const seconds = z.number().nullable();

/** Percentiles are within 1 % of the exact ones; null where there is nothing to measure. */
export const durationsSchema = z
  .object({
    count: z.int(),
    average_seconds: seconds,
    p50_seconds: seconds,
    p95_seconds: seconds,
    p99_seconds: seconds,
  })
  .meta({ id: 'Durations' });
export type Durations = z.infer<typeof durationsSchema>;

const measures = {
  tasks: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  canceled: z.int(),
  expired: z.int(),
  /** Of tasks that succeeded or failed, 0–1; null if there are none. */
  success_rate: z.number().nullable(),
  /** Runs on workers, retries included. */
  attempts: z.int(),
  /** From acceptance to the first start on a worker. */
  wait: durationsSchema,
  /** From that start to the end, of tasks that succeeded. */
  run: durationsSchema,
};
export const measuresSchema = z.object(measures).meta({ id: 'TaskMeasures' });
export type TaskMeasures = z.infer<typeof measuresSchema>;

/** GET /api/v2/admin/performance/tasks and /api/v2/performance. */
export const taskPerformanceSchema = z
  .object({
    /** First and last calendar day, in `time_zone`; tasks belong to the day on which they ended. */
    since: z.string(),
    until: z.string(),
    time_zone: z.string(),
    total: measuresSchema,
    /** The same number of days before, for the trend. */
    before: measuresSchema,
    group_by: z.enum(PERFORMANCE_GROUPS),
    /** Days in order; others by their number of tasks. `key` is the day, an id or a name; null for none. */
    groups: z.array(
      z
        .object({ key: z.string().nullable(), name: z.string().nullable(), ...measures })
        .meta({ id: 'TaskGroup' }),
    ),
    /** Groups beyond the first 500. */
    left_out: z.int(),
  })
  .meta({ id: 'TaskPerformance' });
export type TaskPerformance = z.infer<typeof taskPerformanceSchema>;

/** GET /api/v2/admin/performance/nodes: each worker that ran tasks, or is in the fleet now. */
export const nodePerformanceSchema = z
  .object({
    since: z.string(),
    until: z.string(),
    time_zone: z.string(),
    nodes: z.array(
      z
        .object({
          worker_id: z.string(),
          /** Null for one that was removed. */
          name: z.string().nullable(),
          /** As in the list of workers; null for one that was removed. */
          state: z.string().nullable(),
          ...measures,
        })
        .meta({ id: 'NodePerformance' }),
    ),
  })
  .meta({ id: 'NodePerformanceList' });
export type NodePerformanceList = z.infer<typeof nodePerformanceSchema>;
