import { z } from 'zod';
import { timeSchema } from './task.ts';
import { textSchema } from './texts/text-schema.ts';
import { en as WRONG } from './texts/values/en.ts';

/**
 * `offline`: does not respond. `error`: not a ComfyUI, or an unsupported version. `draining`: accepts no new tasks and finishes
 * its own. `maintenance`: the same, set by a user for longer; the worker does not become offline meanwhile.
 */
export const WORKER_STATES = ['online', 'offline', 'busy', 'error', 'maintenance', 'draining'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

export const WORKER_SOURCES = ['config', 'discovered', 'instance', 'simulated', 'api'] as const;
export type WorkerSource = (typeof WORKER_SOURCES)[number];

/** `backup` workers are used only if no primary worker can take the task. */
export const WORKER_GROUPS = ['primary', 'backup'] as const;
export type WorkerGroup = (typeof WORKER_GROUPS)[number];

/** How a worker is chosen among those that can run a task. */
export const STRATEGIES = [
  'least_loaded',
  'round_robin',
  'weighted',
  'random',
  'priority_based',
  'fastest',
] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** Printable and without line breaks, as HTTP requires of header values. */
const headerValue = z
  .string()
  .min(1)
  .max(8000)
  .regex(/^[\t\x20-\x7e\x80-\xff]+$/, WRONG['value.header_line']);

/** Credentials for a proxy in front of a worker: Basic, or a Bearer token. Write-only: never returned by the API. */
export const workerAuthSchema = z.union([
  z.strictObject({
    username: z
      .string()
      .min(1)
      .max(500)
      .regex(/^[^:\r\n]*$/, WRONG['value.user_name']),
    password: z.string().max(4000),
  }),
  z.strictObject({ token: headerValue }),
]);
export type WorkerAuth = z.infer<typeof workerAuthSchema>;

/** Headers that frame a message or belong to the connection: not configurable. */
const OWN_HEADERS =
  /^(host|connection|upgrade|content-.*|transfer-encoding|te|trailer|expect|keep-alive|sec-websocket-.*)$/i;

/** Sent to a worker with every request, and when its socket opens. */
export const workerHeadersSchema = z
  .record(z.string().regex(/^[!#$%&'*+.^_`|~\w-]{1,200}$/, WRONG['value.header_name']), headerValue)
  .refine((headers) => Object.keys(headers).length <= 20, WRONG['value.many_headers'])
  .refine(
    (headers) => !Object.keys(headers).some((name) => OWN_HEADERS.test(name)),
    WRONG['value.own_header'],
  );

/** Which certificates of a worker are accepted. */
export const workerTlsSchema = z.strictObject({
  /** PEM of the authority (or the certificate itself) to trust instead of the system's authorities; null: the system's. */
  ca: z
    .string()
    .max(200_000)
    .regex(/-----BEGIN CERTIFICATE-----/, WRONG['value.certificate'])
    .nullable(),
  /** False accepts every certificate: a man in the middle can then read and change everything. */
  verify: z.boolean(),
});

/** Settings of a worker other than its name and address; also the body of a change. */
export const workerSettingsSchema = z.object({
  /** Maximum number of tasks sent to it at a time. */
  max_concurrent: z.int().min(1).max(100),
  /** Task types it accepts; empty means all. */
  capabilities: z.array(z.string().regex(/^[\w.-]{1,100}$/, WRONG['value.task_type'])).max(100),
  /** A task that requires labels is placed only on workers that have all of them. */
  labels: z.array(z.string().regex(/^[\w.:/=-]{1,100}$/, WRONG['value.label'])).max(100),
  group: z.enum(WORKER_GROUPS),
  /** For the strategy `weighted`: twice the weight, twice the tasks. */
  weight: z.number().positive().max(1000),
  /** For `priority_based`: 1 to 10, 10 first. */
  priority: z.int().min(1).max(10),
  metadata: z.record(z.string(), z.unknown()),
  auth: workerAuthSchema.nullable(),
  headers: workerHeadersSchema,
  tls: workerTlsSchema,
});
export type WorkerSettings = z.infer<typeof workerSettingsSchema>;

const urlSchema = z.url({ protocol: /^https?$/ }).max(500);

/** POST /api/fleet/workers. Credentials in the URL (`https://user:password@host`) are used as `auth`. */
export const registerWorkerSchema = workerSettingsSchema
  .partial()
  .extend({
    /** Unique; defaults to host and port of the URL. */
    name: z.string().trim().min(1).max(100).optional(),
    url: urlSchema,
  })
  .strict()
  .meta({ id: 'RegisterWorker' });
export type RegisterWorker = z.infer<typeof registerWorkerSchema>;

/** POST /api/fleet/register: no credentials, as others may read an announcement. */
export const announceWorkerSchema = registerWorkerSchema
  .omit({ auth: true, headers: true, tls: true })
  .meta({ id: 'AnnounceWorker' });
export type AnnounceWorker = z.infer<typeof announceWorkerSchema>;

/** Start of an announcement datagram; then the hex HMAC-SHA256 of the JSON, keyed with the join token, a space, the JSON. */
export const ANNOUNCEMENT_PREFIX = 'comfleet1 ';

/** The JSON of such a datagram. The `nonce` distinguishes two of the same instant. */
export const announcementDatagramSchema = z.object({
  at_ms: z.number(),
  nonce: z.string().min(8).max(100),
  worker: announceWorkerSchema,
});
export type AnnouncementDatagram = z.infer<typeof announcementDatagramSchema>;

/** PATCH /api/fleet/workers/{id}: absent settings stay unchanged. */
export const changeWorkerSchema = workerSettingsSchema.partial().strict().meta({ id: 'ChangeWorker' });
export type ChangeWorker = z.infer<typeof changeWorkerSchema>;

/** DELETE /api/fleet/workers/{id}: `wait` drains first, `move` moves its tasks to others. */
export const REMOVE_MODES = ['wait', 'move'] as const;
export type RemoveMode = (typeof REMOVE_MODES)[number];

/** 200 if the worker is gone, 202 while its tasks finish. */
export const removedWorkerSchema = z
  .object({ worker_id: z.string(), removed: z.boolean(), waiting_for: z.int() })
  .meta({ id: 'RemovedWorker' });
export type RemovedWorker = z.infer<typeof removedWorkerSchema>;

/** Response of POST /api/fleet/register: announce again before the time is over. */
export const announcedSchema = z
  .object({
    worker_id: z.string(),
    name: z.string(),
    state: z.enum(WORKER_STATES),
    again_seconds: z.number(),
  })
  .meta({ id: 'Announced' });
export type Announced = z.infer<typeof announcedSchema>;

/** GET /api/fleet/stats. */
export const fleetStatsSchema = z
  .object({
    total: z.int(),
    online: z.int(),
    offline: z.int(),
    busy: z.int(),
    error: z.int(),
    maintenance: z.int(),
    draining: z.int(),
    /** Slots of the workers that accept tasks. */
    capacity: z.int(),
    /** Number of tasks on all workers. */
    load: z.int(),
    /** Share of the capacity, 0 to 100. */
    load_percent: z.number(),
    free_slots: z.int(),
  })
  .meta({ id: 'FleetStats' });
export type FleetStats = z.infer<typeof fleetStatsSchema>;

/** GET /api/fleet/balancing. `source`: where the value comes from; PUT cannot override the environment. */
export const balancingSchema = z
  .object({
    strategy: z.enum(STRATEGIES),
    source: z.enum(['environment', 'run_time', 'file']),
    strategies: z.array(z.enum(STRATEGIES)),
    changed_at: timeSchema.nullable(),
    changed_by: z.string().nullable(),
  })
  .meta({ id: 'Balancing' });
export type Balancing = z.infer<typeof balancingSchema>;

/** A sentence for users in each of our languages. */
export const adviceSchema = z.object({ en: z.string(), 'zh-CN': z.string(), 'zh-TW': z.string() });
export type Advice = z.infer<typeof adviceSchema>;

export const RECOVERY_PHASES = ['checking', 'restarting', 'advised', 'down'] as const;

/** Recovery of a worker that cannot be used. */
export const recoverySchema = z
  .object({
    /** checking: may come back by itself; restarting: we restart our own process; advised: a user should restart it; down: still not back. */
    phase: z.enum(RECOVERY_PHASES),
    since: timeSchema,
    /** Deprecated: `advice_texts`, formatted in three languages. */
    advice: adviceSchema.meta({ deprecated: true }),
    /** What is wrong, and what to do. */
    advice_texts: z.array(textSchema).optional(),
  })
  .meta({ id: 'WorkerRecovery' });
export type WorkerRecovery = z.infer<typeof recoverySchema>;

export const workerSchema = z
  .object({
    worker_id: z.string(),
    /** The node_id of the v1 layout. */
    name: z.string(),
    url: z.string(),
    state: z.enum(WORKER_STATES),
    source: z.enum(WORKER_SOURCES),
    /** Number of our prompts on it now. */
    load: z.int(),
    max_concurrent: z.int(),
    /** Load as a share of max_concurrent, 0 to 100. */
    load_percent: z.number(),
    capabilities: z.array(z.string()),
    labels: z.array(z.string()),
    group: z.enum(WORKER_GROUPS),
    weight: z.number(),
    priority: z.int(),
    /** A disabled worker accepts no tasks until it is enabled again. */
    enabled: z.boolean(),
    /** How it is reached, without secrets. */
    access: z
      .object({
        login: z.enum(['basic', 'bearer']).nullable(),
        /** Names of the extra headers that are sent. */
        headers: z.array(z.string()),
        /** A custom certificate authority is trusted instead of the system's. */
        own_ca: z.boolean(),
        /** False if any certificate is accepted. */
        verifies: z.boolean(),
      })
      .optional(),
    /** Accepts no new tasks; also kept while it is offline. */
    draining: z.boolean(),
    /** How it was discovered: `announcement`, or the DNS name it was found under. */
    discovered_by: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()),
    comfyui_version: z.string().nullable(),
    devices: z.array(z.record(z.string(), z.unknown())),
    last_heartbeat: timeSchema.nullable(),
    /** Deprecated: the English of `reason_text`. */
    reason: z.string().nullable().meta({ deprecated: true }),
    /** Cause of the last change of state. */
    reason_text: textSchema.nullish(),
    socket: z.enum(['connected', 'connecting', 'closed']),
    /** Prompts it may have now: none while suspect, one after it comes back, then growing to max_concurrent. */
    slots: z.int(),
    /** Moving average of its response time to health checks, in ms. */
    latency_ms: z.number().nullable(),
    /** Null while it is healthy. */
    recovery: recoverySchema.nullable(),
  })
  .meta({ id: 'Worker' });
export type Worker = z.infer<typeof workerSchema>;

export const CHECK_RESULTS = [
  'ok',
  'bad_status',
  'certificate',
  'login',
  'needs_https',
  'proxy',
  'redirected',
  'web_page',
  'unreachable',
  'refused',
  'timeout',
  'invalid_body',
  'other_process',
  'other_server',
  'too_old',
  'stuck',
  'gone',
  'failed',
] as const;

/** POST /api/fleet/workers/{id}/check: the worker, and the result of this check. */
export const checkedWorkerSchema = workerSchema
  .extend({
    check: z.object({
      result: z.enum(CHECK_RESULTS),
      latency_ms: z.number().nullable(),
      /** Deprecated: the English of `message_text`. */
      message: z.string().meta({ deprecated: true }),
      message_text: textSchema.optional(),
    }),
  })
  .meta({ id: 'CheckedWorker' });
export type CheckedWorker = z.infer<typeof checkedWorkerSchema>;

/** An event of a worker, with its cause as text. */
export const workerEventSchema = z
  .object({
    event_id: z.string(),
    worker_id: z.string(),
    /** The worker's name, also after it left the fleet. */
    name: z.string(),
    /** `worker.added`, `online`, `offline`, `error`, `ejected`, `recovery`, `restart_requested`, `identity`, `inventory`, `maintenance`, `socket`, `removed`. */
    type: z.string(),
    at: timeSchema,
    /** Deprecated: the English of `cause_text`. */
    cause: z.string().meta({ deprecated: true }),
    /** Null for events that an older version stored. */
    cause_text: textSchema.nullish(),
    details: z.record(z.string(), z.unknown()).nullable(),
    /** Duration of what ended with this event: time out of service, loading the inventory. */
    duration_ms: z.number().nullable(),
  })
  .meta({ id: 'WorkerEvent' });
export type WorkerEvent = z.infer<typeof workerEventSchema>;

const causeFields = {
  /** Deprecated: the English of `cause_text`. */
  cause: z.string().meta({ deprecated: true }),
  cause_text: textSchema.optional(),
};

/** GET /api/fleet/stream, server-sent events: first all workers, then each change of one, with its cause. */
export const fleetFrameSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('snapshot'), workers: z.array(workerSchema) }),
    z.object({ kind: z.literal('worker'), type: z.string(), ...causeFields, worker: workerSchema }),
    z.object({ kind: z.literal('removed'), worker_id: z.string(), ...causeFields }),
  ])
  .meta({ id: 'FleetFrame' });
export type FleetFrame = z.infer<typeof fleetFrameSchema>;

/** Newest first; `next_cursor` is null at the end. */
export const workerEventListSchema = z
  .object({ events: z.array(workerEventSchema), next_cursor: z.string().nullable() })
  .meta({ id: 'WorkerEventList' });
export type WorkerEventList = z.infer<typeof workerEventListSchema>;

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
    services: z.record(
      z.string(),
      z.object({
        status: z.enum(SERVICE_STATES),
        /** Deprecated: the English of `message_text`. */
        message: z.string().meta({ deprecated: true }),
        message_text: textSchema.optional(),
        details: z.record(z.string(), z.unknown()).optional(),
      }),
    ),
  })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof healthSchema>;
