import { STRATEGIES, WORKER_GROUPS, workerSettingsSchema } from '@comfleet/contract';
import { z } from 'zod';
import { taskTypesSchema } from './task-types-schema.ts';

/*
 * The one YAML file. Every default stands here and nowhere else; docs/reference/config.md is generated from it.
 * Keys and blocks of the v1 layout keep their names; a key that is not here is refused.
 */

const port = () => z.int().min(1).max(65_535);
const seconds = () => z.number().min(0);
const path = (description: string) => z.string().min(1).meta({ description, path: true });

const serverSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. Only loopback unless changed.'),
  port: z.int().min(0).max(65_535).default(8000).describe('Port to listen on; 0 takes a free one.'),
  public_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('The address people use, when a proxy stands in front; absolute links are built from it.'),
  allowed_hosts: z
    .array(z.string().min(1))
    .prefault([])
    .describe('Host names accepted in the Host header beside the own address and public_url.'),
  allowed_origins: z
    .array(z.string().min(1))
    .prefault([])
    .describe('Origins of web pages that may open the live socket, beside our own.'),
});

const databaseSchema = z.strictObject({
  driver: z
    .enum(['sqlite', 'postgres', 'mysql'])
    .optional()
    .describe('Which database. Without it: mysql when this block is there, else sqlite in data_dir.'),
  file: path('SQLite: the file; default data_dir/comfleet.db.').optional(),
  host: z.string().min(1).default('localhost').describe('Server.'),
  port: port().optional().describe('Port; default 3306 for mysql, 5432 for postgres.'),
  user: z.string().optional().describe('User.'),
  password: z.string().optional().describe('Password.'),
  database: z.string().min(1).default('comfyui_service').describe('Database name.'),
  pool: z.int().min(2).max(200).default(10).describe('Largest number of connections.'),
});

const authSchema = z.strictObject({
  enable_client_auth: z
    .boolean()
    .default(true)
    .describe('Requests need a token. Off only on loopback: everybody there acts as the local client.'),
  token_expire_minutes: z.number().positive().max(5_256_000).default(1440).describe('Life of a token.'),
  secret_key: z
    .string()
    .optional()
    .describe('Signs links. Without it a random one is made once and kept in data_dir/secrets.json.'),
  open_registration: z
    .boolean()
    .default(false)
    .describe('Anybody who reaches the server may register a client.'),
});

const comfyuiSchema = z.strictObject({
  host: z.string().min(1).optional().describe('Host of a single ComfyUI; default 127.0.0.1.'),
  port: port().optional().describe('Its port; default 8188.'),
  output_dir: path('Where readable copies of results appear; default data_dir/outputs.').optional(),
  input_dir: path('Folder whose files image parameters may name; default data_dir/input.').optional(),
  timeout: seconds()
    .max(86_400)
    .default(900)
    .describe('Seconds that a run may take, waiting excluded; 0 means no limit.'),
});

const redisSchema = z.strictObject({
  host: z.string().min(1).default('localhost').describe('Server.'),
  port: port().default(6379).describe('Port.'),
  db: z.int().min(0).default(0).describe('Database number.'),
  password: z.string().optional().describe('Password.'),
});

const metadataSchema = z.record(z.string(), z.unknown());

/** What the three ways of naming a worker here have in common. */
const workerFields = {
  max_concurrent: z.int().min(1).max(100).default(2).describe('Most tasks sent to it at a time.'),
  capabilities: workerSettingsSchema.shape.capabilities
    .prefault([])
    .describe('Task types it takes; empty means all.'),
  labels: workerSettingsSchema.shape.labels
    .prefault([])
    .describe('A task that asks for labels goes only to workers that have them all.'),
  group: z
    .enum(WORKER_GROUPS)
    .optional()
    .describe('backup workers are used only where no primary one can take the task; default primary.'),
  weight: z
    .number()
    .positive()
    .max(1000)
    .optional()
    .describe('For the strategy weighted: twice the weight, twice the tasks; default 1.'),
  priority: z
    .int()
    .min(1)
    .max(10)
    .optional()
    .describe('For priority_based: 10 is taken first; default metadata.priority, else 5.'),
  enabled: z.boolean().default(true).describe('A disabled worker takes no work.'),
  metadata: metadataSchema.prefault({}).describe('Anything worth showing: location, gpu_model …'),
};

const HOST = /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[?[0-9a-fA-F:.]+\]?)$/;

const staticNodeSchema = z.strictObject({
  node_id: z.string().min(1).max(100).describe('Name of the worker; unique.'),
  host: z
    .string()
    .regex(HOST, 'expected a host name or an IP address, without http:// and port')
    .describe('Host of its ComfyUI.'),
  port: port().default(8188).describe('Port of its ComfyUI.'),
  ...workerFields,
});

const dnsSchema = z.strictObject({
  name: z.string().regex(HOST, 'expected a DNS name').describe('The name that is looked up.'),
  type: z
    .enum(['SRV', 'A', 'AAAA'])
    .default('A')
    .describe('SRV gives hosts and ports, and its priority the group; A and AAAA give addresses.'),
  port: port().default(8188).describe('Port of every ComfyUI; not used for SRV.'),
  ...workerFields,
});

const healthCheckSchema = z.strictObject({
  interval: z.number().positive().optional().describe('Seconds between checks; default 5.'),
  timeout: z
    .number()
    .positive()
    .optional()
    .describe('Seconds a check may take; default 2 for an idle worker, 10 for a busy one.'),
  heartbeat_timeout: z
    .number()
    .positive()
    .optional()
    .describe('Seconds without an answer after which a busy worker is offline; default 30.'),
  retry_attempts: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Failed checks that make it offline; default 3.'),
  inventory_interval: z
    .number()
    .positive()
    .default(300)
    .describe('Seconds between two looks at what a worker can run: node classes and model files.'),
});

const nodesSchema = z.strictObject({
  discovery_mode: z
    .enum(['static', 'dynamic', 'hybrid'])
    .default('static')
    .describe(
      'Where workers come from: static_nodes; registration with join_token and dns; or both. Admins can add workers in each.',
    ),
  join_token: z
    .string()
    .optional()
    .describe('Shared secret with which workers register themselves, 32 characters or more. Not for static.'),
  announce_interval: z
    .number()
    .min(1)
    .max(3600)
    .default(60)
    .describe('Seconds between the announcements of a registered worker.'),
  forget_after: seconds()
    .default(86_400)
    .describe('Seconds without announcement and without an answer after which it leaves the fleet.'),
  udp_port: z
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe(
      'Also listens here for signed datagrams of workers; usual is 8189. Off unless written; read at the start.',
    ),
  dns: z.array(dnsSchema).prefault([]).describe('Names that lead to workers. Not for static.'),
  dns_interval: z.number().min(1).max(3600).default(30).describe('Seconds between look-ups.'),
  dns_grace: seconds()
    .default(300)
    .describe('Seconds that a worker without a record stays, drained, before it leaves the fleet.'),
  load_balancing: z
    .strictObject({
      strategy: z
        .enum(STRATEGIES)
        .default('least_loaded')
        .describe('How a worker is chosen; can be changed at run time.'),
      enable_failover: z
        .boolean()
        .default(true)
        .describe("A worker's fault moves the task to another worker."),
      max_retries: z.int().min(0).max(9).default(3).describe('Attempts after the first one.'),
      bypass_starts: z
        .int()
        .min(0)
        .max(10_000)
        .default(24)
        .describe('So often tasks whose models are loaded may go before one whose models are not.'),
      bypass_seconds: seconds().default(60).describe('So long it may be passed over for that.'),
      aging_seconds: seconds()
        .min(1)
        .default(600)
        .describe('A client of which nothing started for so long has its first task raised by one priority.'),
    })
    .prefault({})
    .describe('Choice of a worker.'),
  health_check: healthCheckSchema.prefault({}).describe('When a worker counts as offline.'),
  static_nodes: z.array(staticNodeSchema).prefault([]).describe('Workers in the v1 layout. Not for dynamic.'),
});

const workerSchema = z.strictObject({
  name: z.string().min(1).max(100).optional().describe('Name; default its host and port.'),
  url: z.url({ protocol: /^https?$/ }).describe('Address of its ComfyUI.'),
  ...workerFields,
});

const instancesSchema = z.strictObject({
  repo_path: path('Folder of a ComfyUI to start and watch.').optional(),
  python: z.string().min(1).optional().describe("Python for it; default the folder's own, else python3."),
  port_range: z
    .string()
    .regex(/^\d{1,5}-\d{1,5}$/, 'expected two ports, such as 8200-8299')
    .default('8200-8299')
    .describe('Ports for started ComfyUIs.'),
  listen: z
    .string()
    .default('127.0.0.1')
    .describe('Address a started ComfyUI listens on; loopback only, as it has no login.'),
  startup_timeout_seconds: z.number().positive().default(240).describe('How long a start may take.'),
  heartbeat_interval_seconds: z
    .number()
    .nonnegative()
    .default(30)
    .describe('How often it is stored that a process answers; 0 never.'),
  base_dir: path("Instances' own folders; default data_dir/instances.").optional(),
  log_dir: path('Logs of started ComfyUIs; default data_dir/logs.').optional(),
  extra_args: z.array(z.string()).prefault([]).describe('Further arguments for ComfyUI, such as --cpu.'),
});

const limitsSchema = z.strictObject({
  json_body_bytes: z.int().min(1024).default(1_048_576).describe('Largest JSON body.'),
  graph_body_bytes: z.int().min(1024).default(33_554_432).describe('Largest body with a graph.'),
  upload_bytes: z.int().min(1024).default(10_485_760).describe('Largest picture through the native door.'),
  asset_bytes: z.int().min(1024).default(52_428_800).describe('Largest file through any door.'),
  waiting_per_client: z
    .int()
    .min(1)
    .default(20_000)
    .describe('Waiting tasks of one client; more are refused with 429.'),
  streams_per_client: z.int().min(1).default(100).describe('Open event streams of one client.'),
});

const retentionSchema = z.strictObject({
  tasks_seconds: seconds().default(7_776_000).describe('Ended tasks and their events; 90 days.'),
  outputs_seconds: seconds()
    .nullable()
    .default(null)
    .describe('Result files; null keeps them until deleted.'),
  uploads_seconds: seconds().default(604_800).describe('Uploads that no task uses; 7 days.'),
});

const loggingSchema = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('The least that is written.'),
});

export const configSchema = z.strictObject({
  server: serverSchema.prefault({}).describe('The HTTP server.'),
  data_dir: path('Folder of everything that is kept.').default('.comfleet'),
  durability: z
    .enum(['power', 'process'])
    .default('power')
    .describe(
      'What an accepted task survives with SQLite: loss of power, or only the end of the process (faster).',
    ),
  database: databaseSchema.optional().describe('A database server instead of the SQLite file.'),
  auth: authSchema.prefault({}).describe('Who may ask.'),
  comfyui: comfyuiSchema.optional().describe('A single ComfyUI, and folders.'),
  redis: redisSchema
    .optional()
    .describe('Queue on Redis. Not built yet: the embedded queue runs, with a warning.'),
  nodes: nodesSchema.prefault({}).describe('Workers in the v1 layout.'),
  workers: z.array(workerSchema).prefault([]).describe('Workers by address.'),
  instances: instancesSchema.prefault({}).describe('ComfyUI processes that Comfleet starts itself.'),
  workflow_files: z
    .array(path('A YAML file with a task_types block.'))
    .prefault([])
    .describe('Further workflow definition files.'),
  task_types: taskTypesSchema.prefault({}).describe('Named workflows by task type.'),
  limits: limitsSchema.prefault({}).describe('Limits.'),
  retention: retentionSchema.prefault({}).describe('How long things are kept.'),
  logging: loggingSchema.prefault({}).describe('The log.'),
});

/** The file's content after validation, defaults filled in; still in the words of the file. */
export type RawConfig = z.infer<typeof configSchema>;
