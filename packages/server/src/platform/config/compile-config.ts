import { join } from 'node:path';
import type {
  Config,
  DatabaseConfig,
  DiscoveryConfig,
  InstancesConfig,
  WorkerConfig,
  WorkerFields,
  WorkerHealthConfig,
} from './config.ts';
import type { RawConfig } from './config-schema.ts';
import { isLoopbackHost, isWeakSecret } from './sample-secret.ts';

/**
 * Turns the validated file into what the product uses. Pure; paths in `raw` are absolute already. `isFixed` tells of a key
 * whether it comes from above the file: the environment or an option.
 */
export function compileConfig(
  raw: RawConfig,
  file: string | null,
  isFixed: (path: readonly string[]) => boolean = () => false,
): Config {
  return deepFreeze({
    file,
    server: {
      host: raw.server.host,
      port: raw.server.port,
      publicUrl: raw.server.public_url?.replace(/\/+$/, '') ?? null,
      allowedHosts: raw.server.allowed_hosts,
      allowedOrigins: raw.server.allowed_origins,
    },
    dataDir: raw.data_dir,
    durability: raw.durability,
    database: compileDatabase(raw),
    auth: compileAuth(raw),
    comfyui: compileComfyui(raw),
    redis: raw.redis ? { ...raw.redis, password: raw.redis.password ?? null } : null,
    placement: compilePlacement(raw, isFixed(['nodes', 'load_balancing', 'strategy'])),
    workers: listWorkers(raw),
    discovery: compileDiscovery(raw),
    workerHealth: compileWorkerHealth(raw),
    instances: compileInstances(raw),
    taskTypes: raw.task_types,
    workflowFiles: raw.workflow_files,
    limits: {
      jsonBodyBytes: raw.limits.json_body_bytes,
      graphBodyBytes: raw.limits.graph_body_bytes,
      uploadBytes: raw.limits.upload_bytes,
      assetBytes: raw.limits.asset_bytes,
      waitingPerClient: raw.limits.waiting_per_client,
      streamsPerClient: raw.limits.streams_per_client,
    },
    retention: {
      tasksMs: raw.retention.tasks_seconds * 1000,
      outputsMs: raw.retention.outputs_seconds === null ? null : raw.retention.outputs_seconds * 1000,
      uploadsMs: raw.retention.uploads_seconds * 1000,
    },
    logging: { level: raw.logging.level },
  } satisfies Config);
}

function compileComfyui(raw: RawConfig): Config['comfyui'] {
  return {
    url: toSingleUrl(raw),
    isWritten: isSingleWritten(raw),
    outputDir: raw.comfyui?.output_dir ?? join(raw.data_dir, 'outputs'),
    inputDir: raw.comfyui?.input_dir ?? join(raw.data_dir, 'input'),
    timeoutMs: (raw.comfyui?.timeout ?? 900) * 1000,
  };
}

function compileDatabase(raw: RawConfig): DatabaseConfig {
  const block = raw.database;
  const driver = block ? (block.driver ?? 'mysql') : 'sqlite';
  if (!block || driver === 'sqlite') {
    return { driver: 'sqlite', file: block?.file ?? join(raw.data_dir, 'comfleet.db') };
  }
  return {
    driver,
    host: block.host,
    port: block.port ?? (driver === 'mysql' ? 3306 : 5432),
    user: block.user ?? null,
    password: block.password ?? null,
    database: block.database,
    poolSize: block.pool,
  };
}

function compileAuth(raw: RawConfig): Config['auth'] {
  const secret = raw.auth.secret_key;
  return {
    required: raw.auth.enable_client_auth,
    tokenLifetimeMs: Math.round(raw.auth.token_expire_minutes * 60_000),
    secretKey: secret === undefined || isWeakSecret(secret) ? null : secret,
    openRegistration: raw.auth.open_registration,
  };
}

function compilePlacement(raw: RawConfig, isStrategyFixed: boolean): Config['placement'] {
  const { strategy, enable_failover: isOn, max_retries: retries } = raw.nodes.load_balancing;
  const { bypass_starts: starts, bypass_seconds: seconds, aging_seconds: aging } = raw.nodes.load_balancing;
  return {
    strategy,
    isStrategyFixed,
    maxAttempts: isOn ? retries + 1 : 1,
    bypass: { starts, ms: seconds * 1000 },
    agingMs: aging * 1000,
  };
}

function compileDiscovery({ nodes, server }: RawConfig): DiscoveryConfig {
  const token = nodes.join_token;
  return {
    mode: nodes.discovery_mode,
    joinToken: token === undefined || isWeakSecret(token) ? null : token,
    announceIntervalMs: nodes.announce_interval * 1000,
    forgetAfterMs: nodes.forget_after * 1000,
    udp:
      nodes.udp_port === undefined
        ? null
        : { host: isLoopbackHost(server.host) ? '127.0.0.1' : '0.0.0.0', port: nodes.udp_port },
    dns: nodes.dns.map((entry) => ({
      name: entry.name,
      type: entry.type,
      port: entry.port,
      ...compileFields(entry),
    })),
    dnsIntervalMs: nodes.dns_interval * 1000,
    dnsGraceMs: nodes.dns_grace * 1000,
  };
}

type RawFields = Omit<RawConfig['workers'][number], 'name' | 'url'>;

function compileFields(raw: RawFields): WorkerFields {
  return {
    maxConcurrent: raw.max_concurrent,
    capabilities: raw.capabilities,
    labels: raw.labels,
    group: raw.group ?? null,
    weight: raw.weight ?? null,
    priority: raw.priority ?? readPriority(raw.metadata) ?? 5,
    enabled: raw.enabled,
    metadata: raw.metadata,
  };
}

/** The v1 layout writes a worker's priority into its metadata; judged by `judgeConfig`. */
export function readPriority(metadata: Readonly<Record<string, unknown>>): number | null {
  const priority = metadata['priority'];
  const isRank =
    typeof priority === 'number' && Number.isInteger(priority) && priority >= 1 && priority <= 10;
  return isRank ? priority : null;
}

function compileWorker(name: string, url: string, raw: RawFields): WorkerConfig {
  const fields = compileFields(raw);
  return { name, url, ...fields, group: fields.group ?? 'primary', weight: fields.weight ?? 1 };
}

const NOTHING_SAID: RawFields = {
  max_concurrent: 2,
  capabilities: [],
  labels: [],
  enabled: true,
  metadata: {},
};

/** Every worker of the file: `workers`, `nodes.static_nodes` unless discovery is dynamic, and the single ComfyUI when it is written. */
export function listWorkers(raw: RawConfig): WorkerConfig[] {
  const own = raw.workers.map((worker) =>
    compileWorker(worker.name ?? new URL(worker.url).host, worker.url.replace(/\/+$/, ''), worker),
  );
  const isStatic = raw.nodes.discovery_mode !== 'dynamic';
  const nodes = (isStatic ? raw.nodes.static_nodes : []).map((node) =>
    compileWorker(node.node_id, toHttpUrl(node.host, node.port), node),
  );
  const all = [...own, ...nodes];
  const url = toSingleUrl(raw);
  if (!isSingleWritten(raw) || all.some((worker) => worker.url === url)) return all;
  return [...all, compileWorker('comfyui', url, NOTHING_SAID)];
}

function isSingleWritten(raw: RawConfig): boolean {
  return raw.comfyui?.host !== undefined || raw.comfyui?.port !== undefined;
}

function toSingleUrl(raw: RawConfig): string {
  return toHttpUrl(raw.comfyui?.host ?? '127.0.0.1', raw.comfyui?.port ?? 8188);
}

/** Keys of the v1 layout replace our numbers when written. */
function compileWorkerHealth(raw: RawConfig): WorkerHealthConfig {
  const check = raw.nodes.health_check;
  return {
    intervalMs: (check.interval ?? 5) * 1000,
    idleTimeoutMs: (check.timeout ?? 2) * 1000,
    busyTimeoutMs: (check.timeout ?? 10) * 1000,
    busyLimitMs: (check.heartbeat_timeout ?? 30) * 1000,
    inventoryPeriodMs: check.inventory_interval * 1000,
    rise: 2,
    fall: check.retry_attempts ?? 3,
  };
}

function compileInstances(raw: RawConfig): InstancesConfig {
  const block = raw.instances;
  const [first = 0, last = 0] = block.port_range.split('-').map(Number);
  return {
    repoPath: block.repo_path ?? null,
    python: block.python ?? null,
    portRange: { first, last },
    listen: isLoopbackHost(block.listen) ? block.listen : '127.0.0.1',
    startupTimeoutMs: block.startup_timeout_seconds * 1000,
    heartbeatIntervalMs: block.heartbeat_interval_seconds * 1000,
    baseDir: block.base_dir ?? join(raw.data_dir, 'instances'),
    logDir: block.log_dir ?? join(raw.data_dir, 'logs'),
    extraArgs: block.extra_args,
  };
}

function toHttpUrl(host: string, port: number): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
