import { z } from 'zod';
import { timeSchema } from './task.ts';

export const WORKER_STATES = ['online', 'offline', 'busy', 'error', 'maintenance'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

export const WORKER_SOURCES = ['config', 'discovered', 'instance', 'simulated', 'api'] as const;
export type WorkerSource = (typeof WORKER_SOURCES)[number];

export const workerSchema = z
  .object({
    worker_id: z.string(),
    /** The node_id of the documents' configuration. */
    name: z.string(),
    url: z.string(),
    state: z.enum(WORKER_STATES),
    source: z.enum(WORKER_SOURCES),
    /** Prompts of ours on it now. */
    load: z.int(),
    max_concurrent: z.int(),
    capabilities: z.array(z.string()),
    metadata: z.record(z.string(), z.unknown()),
    comfyui_version: z.string().nullable(),
    devices: z.array(z.record(z.string(), z.unknown())),
    last_heartbeat: timeSchema.nullable(),
    /** Cause of the last change of state. */
    reason: z.string().nullable(),
    socket: z.enum(['connected', 'connecting', 'closed']),
  })
  .meta({ id: 'Worker' });
export type Worker = z.infer<typeof workerSchema>;

export const workerListSchema = z.object({ workers: z.array(workerSchema) }).meta({ id: 'WorkerList' });

/** GET /api/fleet/workers/{id}/logs: the end of ComfyUI's own log, newest last; empty where it has no such route. */
export const workerLogSchema = z
  .object({ worker_id: z.string(), name: z.string(), lines: z.array(z.string()) })
  .meta({ id: 'WorkerLog' });
export type WorkerLog = z.infer<typeof workerLogSchema>;

export const SERVICE_STATES = ['ok', 'degraded', 'down'] as const;

/** GET /api/health: 200 when overall is ok or degraded, 503 when down. */
export const healthSchema = z
  .object({
    status: z.enum(SERVICE_STATES),
    version: z.string(),
    services: z.record(
      z.string(),
      z.object({
        status: z.enum(SERVICE_STATES),
        message: z.string(),
        details: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
  })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof healthSchema>;
