import { resolve } from 'node:path';
import { z } from 'zod';
import {
  checkInstances,
  compileInstances,
  INSTANCE_ENVIRONMENT,
  instancesSchema,
} from '../fleet/instances/settings.ts';
import { checkAccess, readLogins } from '../fleet/workers/access-settings.ts';
import { checkHealthCheck, compileHealthCheck, healthCheckSchema } from '../fleet/workers/health/settings.ts';
import {
  checkDiscovery,
  checkJoinToken,
  compileDiscovery,
  discoverySettings,
} from '../fleet/workers/joining/settings.ts';
import {
  checkPriorities,
  checkWorkers,
  compileSingle,
  compileWorkers,
  type RawWorkers,
  singleComfyui,
  staticNodeSchema,
  workerSchema,
} from '../fleet/workers/settings.ts';
import {
  assetFolders,
  assetLimits,
  compileAssetFolders,
  compileAssetLimits,
  compileFileLimits,
  compileRetention,
  retentionSchema,
} from '../flow/assets/settings.ts';
import { compileExecution, executionSettings } from '../flow/execution/settings.ts';
import { compilePlacement, loadBalancingSchema } from '../flow/placement/settings.ts';
import { checkRedis, compileRedis, redisSchema } from '../flow/queue/settings.ts';
import { checkTaskTypes, compileGraphLimits, graphLimits, layTaskTypes } from '../flow/workflows/settings.ts';
import { type TaskTypes, taskTypesFileSchema, taskTypesSchema } from '../flow/workflows/task-types-schema.ts';
import { auditRetention, compileAuditRetention } from '../people/audit/settings.ts';
import {
  authSchema,
  checkAuth,
  checkSecretKey,
  clientLimits,
  compileAuth,
  compileClientLimits,
} from '../people/identity/settings.ts';
import { readOidcSecret } from '../people/oidc/settings.ts';
import { checkPolicies, compilePolicies, policySchema } from '../people/policies/settings.ts';
import { compileQuotas, quotasSchema } from '../people/quotas/settings.ts';
import {
  type ConfigStore as AnyConfigStore,
  openConfig as openAnyConfig,
} from '../platform/config/config-store.ts';
import { path } from '../platform/config/fields.ts';
import {
  type LoadedConfig as AnyLoadedConfig,
  type ConfigSource,
  loadConfig as loadAnyConfig,
  parseConfig as parseAnyConfig,
  parseFile,
} from '../platform/config/load-config.ts';
import {
  deepFreeze,
  type Findings,
  type NamedSources,
  type Settings,
  type SettingsOrigin,
} from '../platform/config/settings.ts';
import {
  checkDatabase,
  compileDatabase,
  databaseSchema,
  durabilitySchema,
} from '../platform/database/settings.ts';
import { compileRateLimits, rateLimitsSchema } from '../platform/http/rate-limits/settings.ts';
import {
  bodyLimits,
  checkServer,
  compileHttpLimits,
  compileServer,
  isOpenToOthers,
  listensForOthers,
  serverSchema,
  streamLimits,
} from '../platform/http/settings.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { loggingSchema } from '../platform/logging/settings.ts';
import { compileTimeZone, timeZoneSchema } from '../platform/time/settings.ts';
import { listStartValues } from './start-values.ts';

/*
 * The schema of the one YAML file, put together from the settings of each area. docs/reference/config.md is generated from it.
 * Keys and blocks of the v1 layout keep their names; unknown keys are refused.
 */

const comfyuiSchema = z.strictObject({ ...singleComfyui, ...assetFolders, ...executionSettings });

const nodesSchema = z.strictObject({
  ...discoverySettings,
  load_balancing: loadBalancingSchema.prefault({}).describe('How tasks are placed on workers.'),
  health_check: healthCheckSchema.prefault({}).describe('When a worker counts as offline.'),
  static_nodes: z.array(staticNodeSchema).prefault([]).describe('Workers in the v1 layout. Not for dynamic.'),
});

const limitsSchema = z.strictObject({
  ...bodyLimits,
  ...graphLimits,
  ...assetLimits,
  ...clientLimits,
  ...streamLimits,
});

export const configSchema = z.strictObject({
  server: serverSchema.prefault({}).describe('The HTTP server.'),
  data_dir: path('Folder that holds all stored data.').default('.comfleet'),
  time_zone: timeZoneSchema,
  durability: durabilitySchema,
  database: databaseSchema.optional().describe('A database server instead of the SQLite file.'),
  auth: authSchema.prefault({}).describe('Who may use the server.'),
  comfyui: comfyuiSchema.optional().describe('A single ComfyUI, and the folders of its files.'),
  redis: redisSchema
    .optional()
    .describe('A queue on Redis. Not implemented yet: the embedded queue is used, with a warning.'),
  nodes: nodesSchema.prefault({}).describe('Workers in the v1 layout.'),
  workers: z.array(workerSchema).prefault([]).describe('Workers by address.'),
  instances: instancesSchema.prefault({}).describe('ComfyUI processes that Comfleet starts itself.'),
  workflow_files: z
    .array(path('A YAML file with a task_types block.'))
    .prefault([])
    .describe('Further workflow definition files.'),
  task_types: taskTypesSchema.prefault({}).describe('Named workflows by task type.'),
  policies: z.array(policySchema).prefault([]).describe('Rules for graphs: who may run what.'),
  limits: limitsSchema.prefault({}).describe('Limits.'),
  rate_limits: rateLimitsSchema
    .prefault({})
    .describe('How many requests a minute are answered; further ones get 429 with Retry-After.'),
  quotas: quotasSchema
    .prefault({})
    .describe('What each user, client and project may use; exceptions are set at run time.'),
  retention: retentionSchema.extend(auditRetention).prefault({}).describe('How long data is kept.'),
  logging: loggingSchema.prefault({}).describe('The log.'),
});
export type RawConfig = z.infer<typeof configSchema>;

const comfyuiOf = (raw: RawConfig) => raw.comfyui ?? comfyuiSchema.parse({});

function listRawWorkers({ workers, nodes, comfyui }: RawConfig): RawWorkers {
  const staticNodes = nodes.discovery_mode === 'dynamic' ? [] : nodes.static_nodes;
  return { workers, staticNodes, single: comfyui ?? {} };
}

function check(raw: RawConfig, findings: Findings): void {
  const isOpen = isOpenToOthers(raw.server);
  checkSecretKey(raw.auth, isOpen, findings);
  checkDatabase(raw.database, { isOpen }, findings);
  checkJoinToken(raw.nodes, { isOpen }, findings);
  checkServer(raw.server, findings);
  checkAuth(raw.auth, isOpen, findings);
  checkWorkers(listRawWorkers(raw), findings);
  checkAccess(raw.workers, findings);
  checkPriorities('workers', raw.workers, findings);
  checkPriorities('nodes.static_nodes', raw.nodes.static_nodes, findings);
  checkPriorities('nodes.dns', raw.nodes.dns, findings);
  checkDiscovery(raw.nodes, raw.nodes.static_nodes.length, findings);
  checkInstances(raw.instances, findings);
  checkHealthCheck(raw.nodes.health_check, findings);
  checkTaskTypes(raw.task_types, findings);
  checkPolicies(raw.policies, compileAuth(raw.auth), findings);
  checkRedis(raw.redis, findings);
}

function compile(raw: RawConfig, { file, base }: SettingsOrigin) {
  const { nodes, limits } = raw;
  const dataDir = resolve(base, raw.data_dir);
  const comfyui = comfyuiOf(raw);
  return deepFreeze({
    /** The YAML file; null when there is none. */
    file,
    server: compileServer(raw.server),
    dataDir,
    durability: raw.durability,
    timeZone: compileTimeZone(raw.time_zone),
    database: compileDatabase(raw.database, dataDir),
    auth: compileAuth(raw.auth),
    comfyui: {
      ...compileSingle(comfyui),
      ...compileAssetFolders(comfyui, dataDir),
      ...compileExecution(comfyui),
    },
    redis: compileRedis(raw.redis),
    placement: compilePlacement(nodes.load_balancing),
    workers: compileWorkers(listRawWorkers(raw)),
    discovery: compileDiscovery(nodes, { isOpen: listensForOthers(raw.server) }),
    workerHealth: compileHealthCheck(nodes.health_check),
    instances: compileInstances(raw.instances, dataDir),
    /** As in the file; `workflow_file` is absolute. */
    taskTypes: raw.task_types,
    workflowFiles: raw.workflow_files,
    policies: compilePolicies(raw.policies),
    limits: {
      ...compileHttpLimits(limits, limits.upload_bytes),
      ...compileFileLimits(limits),
      ...compileClientLimits(limits),
    },
    rateLimits: compileRateLimits(raw.rate_limits),
    quotas: compileQuotas(raw.quotas, compileClientLimits(limits)),
    graphLimits: compileGraphLimits(limits),
    assetLimits: compileAssetLimits(limits, raw.retention),
    retention: compileRetention(raw.retention),
    /** How long the audit log is kept. */
    auditMs: compileAuditRetention(raw.retention),
    logging: raw.logging,
  });
}

/** The whole configuration: validated, defaults filled in, paths absolute, times in ms, frozen. */
export type Config = Readonly<ReturnType<typeof compile>>;
export type LoadedConfig = AnyLoadedConfig<Config>;
export type ConfigStore = AnyConfigStore<Config>;

/** Includes the workflow files below the `task_types` of the configuration. */
async function include(config: Config, named: NamedSources): Promise<Config> {
  const { read } = named;
  let taskTypes: TaskTypes = {};
  for (const file of config.workflowFiles)
    taskTypes = layTaskTypes(taskTypes, parseTaskTypes(await read(file), file));
  const workers = await readLogins(config.workers, named);
  const auth = { ...config.auth, oidc: await readOidcSecret(config.auth.oidc, named) };
  return Object.freeze({ ...config, workers, auth, taskTypes: layTaskTypes(taskTypes, config.taskTypes) });
}

const settings: Settings<RawConfig, Config> = {
  schema: configSchema,
  environmentNames: {
    COMFLEET_DATA: ['data_dir'],
    COMFYUI_HOST: ['comfyui', 'host'],
    COMFYUI_PORT: ['comfyui', 'port'],
    COMFYUI_TIMEOUT: ['comfyui', 'timeout'],
    ...INSTANCE_ENVIRONMENT,
  },
  check,
  compile,
  include,
  fill: (raw) => ({ ...raw, comfyui: comfyuiOf(raw) }),
  startValues: (raw) => listStartValues({ ...raw, comfyui: comfyuiOf(raw) }),
};

/** Reads and validates the whole configuration. Throws CONFIG_INVALID naming every problem with path and line. */
export function loadConfig(source: ConfigSource): Promise<LoadedConfig> {
  return loadAnyConfig(source, settings);
}

/** The same from text already read, without the files it names. Accesses neither files nor the process. */
export function parseConfig(text: string, source: ConfigSource): LoadedConfig {
  return parseAnyConfig(text, source, settings);
}

/** Loads the configuration, to be reloaded when its files change. Throws CONFIG_INVALID if the first load fails. */
export function openConfig(
  source: ConfigSource,
  logger: Logger,
): Promise<{ store: ConfigStore; loaded: LoadedConfig }> {
  return openAnyConfig(source, { logger, settings });
}

/** Parses a file with only `task_types`, such as the shipped workflows; `workflow_file` becomes absolute. */
export function parseTaskTypes(text: string, file: string): TaskTypes {
  return parseFile(text, file, { schema: taskTypesFileSchema, empty: { task_types: {} } }).task_types;
}
