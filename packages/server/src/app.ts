import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createNodeDialer, createNodeTransport } from '@comfleet/comfyui/node';
import { createUuidV7, type Id, type IdKind, type WorkerId } from '@comfleet/contract';
import { addDoors } from './doors/add-doors.ts';
import { createFleetView } from './doors/fleet-view.ts';
import { type Instances, openInstances } from './fleet/instances/instances.ts';
import { applyConfiguredWorkers } from './fleet/workers/joining/configured-workers.ts';
import { removeIdle } from './fleet/workers/joining/departures.ts';
import { type Joining, openJoining } from './fleet/workers/joining/open-joining.ts';
import { openWorkerEvents, type WorkerEvents } from './fleet/workers/records/worker-events.ts';
import { openWorkerRegistry, type WorkerRegistry } from './fleet/workers/registry.ts';
import { ASSET_LIMITS } from './flow/assets/assets.ts';
import type { BlobStore } from './flow/assets/blob-store.ts';
import { openFolderBlobs } from './flow/assets/folder-blob-store.ts';
import { storeWorkflowVersions } from './flow/calls/workflows/workflow-versions.ts';
import { type OpenedFlow, openFlow } from './flow/open-flow.ts';
import { Balancing } from './flow/placement/balancing.ts';
import { Secrets } from './flow/tasks/secrets.ts';
import { openWorkflowLibrary, type WorkflowLibrary } from './flow/workflows/workflow-library.ts';
import { createAdmission } from './people/identity/admission.ts';
import { Identity } from './people/identity/identity.ts';
import { type LocalClient, openLocalClient } from './people/identity/local-client.ts';
import { visibleTo } from './people/identity/principal.ts';
import type { Session } from './people/identity/session-cache.ts';
import type { Config } from './platform/config/config.ts';
import type { ConfigStore } from './platform/config/config-store.ts';
import { openOverlay } from './platform/config/overlay.ts';
import { openSecrets } from './platform/config/secrets-file.ts';
import type { Database } from './platform/database/database.ts';
import { openDatabase } from './platform/database/open-database.ts';
import { openProcessLock } from './platform/database/process-lock.ts';
import { announceAddress, openGeneration } from './platform/database/settings.ts';
import { createHttpServer, type HttpServer } from './platform/http/http-server.ts';
import { SignedLinks, toAssetPath } from './platform/http/signed-links.ts';
import { StreamSlots } from './platform/http/stream-slots.ts';
import type { Scope } from './platform/lifecycle/scope.ts';
import type { Logger } from './platform/logging/logger.ts';
import { createDnsResolver } from './platform/net/dns-resolver.ts';
import { isPortFree } from './platform/process/free-port.ts';
import { createProcessTable } from './platform/process/process-table.ts';
import { createSpawner } from './platform/process/spawner.ts';
import { type Clock, type Random, systemClock, systemRandom } from './platform/time/clock.ts';

/* The only file that knows every concrete class: it opens them in order and hands each what it needs of the others. */

/** Of this package; shown by health and in the API document. */
const VERSION = '0.1.0';
const DEFAULT_PRIORITY = 5;
const MAX_RESULT_BYTES = 8 * 1024 ** 3;
const MAX_RESULT_FILES = 500;
const OFFLINE_GRACE_MS = 5000;

export interface AppOptions {
  store: ConfigStore;
  /** Workflows that come with the product: a `task_types` block and the folder of its files. */
  builtInWorkflows: WorkflowSources;
  /** Built pages; null without. */
  webRoot: string | null;
  environment: NodeJS.ProcessEnv;
  logger: Logger;
  /** Another process took the data over. */
  onLost: (error: Error) => void;
}

type WorkflowSources = Parameters<typeof openWorkflowLibrary>[2];

export interface App {
  config: Config;
  address: string;
  database: Database;
  fleet: WorkerRegistry;
  balancing: Balancing;
  instances: Instances;
  identity: Identity;
  local: LocalClient;
  library: WorkflowLibrary;
  opened: OpenedFlow;
  blobs: BlobStore;
  createId: <K extends IdKind>() => Id<K>;
}

/** Starts the control plane. Order on the way up: data, fleet, flow with adoption, doors; the other way down. */
export async function openApp(scope: Scope, options: AppOptions): Promise<App> {
  const { store, logger } = options;
  const config = store.current;
  const clock = systemClock;
  const random = systemRandom;
  const createId = <K extends IdKind>(): Id<K> => createUuidV7<K>(clock.nowMs(), random.bytes(10));
  const basics = { clock, logger, random };
  const { database, keys } = await openRecords(scope, options, basics);
  const identity = new Identity({ db: database, clock, random }, toIdentityOptions(config));
  const balancing = new Balancing(store, await openOverlay(database));
  const fleetDeps = { database, ...basics, createId };
  const { fleet, events, instances, transport } = await openFleet(scope, fleetDeps, options);
  const library = await openWorkflowLibrary(scope, { logger, clock }, listWorkflowSources(options, config));
  const links = new SignedLinks(keys.signingKey, () => clock.nowMs());
  const blobs = openBlobs(scope, config, createId);
  const parts = { ...fleetDeps, fleet, library, blobs };
  const opened = await openTaskPath(scope, config, { ...parts, keys, links, instances, balancing });
  instances.onChange(({ pid, workerId }) => {
    if (pid === null && workerId !== null) opened.spine.lost.leave(workerId);
  });
  await applyConfiguredWorkers({ registry: fleet, logger }, config.workers);
  const countLoad = (id: WorkerId) => opened.spine.board.workers.get(id)?.load ?? 0;
  const joining = await openJoining(scope, {
    ...basics,
    registry: fleet,
    config: store,
    transport,
    resolver: createDnsResolver(),
    countLoad,
  });
  let session: Session | null = null;
  const anonymous = config.auth.required ? null : () => session;
  const doors = { opened, fleet, joining, events, balancing, identity, links, database, anonymous };
  const address = await openDoors(scope, options, doors);
  await announceAddress(database, address);
  const local = await openLocalClient({ db: database, identity, clock, random }, config.dataDir, address);
  session = await identity.authenticate(local.token);
  followConfig({ database, fleet, library, spine: opened.spine, options, countLoad });
  return {
    config,
    address,
    database,
    fleet,
    balancing,
    instances,
    identity,
    local,
    library,
    opened,
    blobs,
    createId,
  };
}

interface Basics {
  clock: Clock;
  logger: Logger;
  random: Random;
}

/** The data folder's lock, the database of this start, and the keys. */
async function openRecords(scope: Scope, { store, onLost }: AppOptions, basics: Basics) {
  const { database: place, dataDir, comfyui, auth } = store.current;
  for (const folder of [dataDir, comfyui.inputDir, comfyui.outputDir])
    await mkdir(folder, { recursive: true });
  const lock = await openProcessLock(scope, place, { ...basics, onLost });
  const database = await openDatabase(scope, store.current, basics);
  lock.remember(await openGeneration(database));
  return { database, keys: await openSecrets(dataDir, basics.random, auth.secretKey) };
}

function toIdentityOptions({ auth }: Config) {
  return { tokenLifetimeMs: auth.tokenLifetimeMs, openRegistration: auth.openRegistration };
}

function openBlobs(scope: Scope, config: Config, createId: () => string): BlobStore {
  return openFolderBlobs(scope, {
    folder: join(config.dataDir, 'blobs'),
    durability: config.durability,
    createName: () => createId(),
    nowMs: () => systemClock.nowMs(),
  });
}

interface TaskPathParts extends FleetDeps {
  fleet: WorkerRegistry;
  library: WorkflowLibrary;
  blobs: BlobStore;
  keys: Awaited<ReturnType<typeof openSecrets>>;
  links: SignedLinks;
  instances: Instances;
  balancing: Balancing;
}

function openTaskPath(scope: Scope, config: Config, parts: TaskPathParts): Promise<OpenedFlow> {
  const { keys, links, instances, balancing, ...deps } = parts;
  const { database, clock, library } = deps;
  const { waitingPerClient } = config.limits;
  return openFlow(
    scope,
    {
      ...deps,
      visibleTo,
      admission: createAdmission({ db: database, clock }, { waitingPerClient }),
      secrets: new Secrets(database, keys.sealingKey),
      findRestart: (workerId) => findRestart(instances, workerId),
      linkTo: (assetId) => links.sign(toAssetPath(assetId)),
    },
    toFlowOptions(config, balancing, library),
  );
}

function findRestart(instances: Instances, workerId: WorkerId): (() => Promise<void>) | null {
  const own = instances.list().find((instance) => instance.workerId === workerId);
  return own ? () => instances.restart(own.id) : null;
}

interface DoorParts {
  database: Database;
  opened: OpenedFlow;
  fleet: WorkerRegistry;
  joining: Joining;
  events: WorkerEvents;
  balancing: Balancing;
  identity: Identity;
  links: SignedLinks;
  /** Who acts without a bearer when client authentication is switched off. */
  anonymous: (() => Session | null) | null;
}

/** The main listener with every door on it; answers its address. */
async function openDoors(
  scope: Scope,
  { store, logger, webRoot }: AppOptions,
  { opened, fleet, joining, events, balancing, identity, links, database, anonymous }: DoorParts,
): Promise<string> {
  const config = store.current;
  const clock = systemClock;
  const http = createHttpServer({
    listenHost: config.server.host,
    publicUrl: config.server.publicUrl,
    allowedHosts: config.server.allowedHosts,
    jsonBodyBytes: config.limits.jsonBodyBytes,
    logger,
    clock,
  });
  await addDoors(http, {
    flow: opened.flow,
    fleet: createFleetView({
      registry: fleet,
      ...joining,
      events,
      countLoad: (id) => opened.spine.board.workers.get(id as WorkerId)?.load ?? 0,
    }),
    balancing,
    identity,
    config: store,
    links,
    slots: new StreamSlots(config.limits.streamsPerClient),
    clock,
    logger,
    signal: scope.signal,
    db: database,
    version: VERSION,
    clientFolder: webRoot,
    anonymous,
  });
  return listen(scope, http, config);
}

interface FleetDeps {
  database: Database;
  clock: Clock;
  random: Random;
  logger: Logger;
  createId: <K extends IdKind>() => Id<K>;
}

async function openFleet(scope: Scope, deps: FleetDeps, { store, environment }: AppOptions) {
  const config = store.current;
  const transport = createNodeTransport();
  scope.add('http to workers', () => transport.close());
  const health = config.workerHealth;
  const fleet = await openWorkerRegistry(
    scope,
    { ...deps, transport, dialer: createNodeDialer() },
    {
      healthPeriodMs: health.intervalMs,
      idleTimeoutMs: health.idleTimeoutMs,
      busyTimeoutMs: health.busyTimeoutMs,
      busyLimitMs: health.busyLimitMs,
      inventoryPeriodMs: health.inventoryPeriodMs,
      rise: health.rise,
      fall: health.fall,
    },
  );
  const { tasksMs: keepMs } = config.retention;
  const events = openWorkerEvents(scope, { ...deps, registry: fleet }, keepMs);
  const instances = await openInstances(
    scope,
    {
      ...deps,
      transport,
      registry: fleet,
      spawner: createSpawner(),
      table: createProcessTable(),
      isPortFree,
    },
    {
      baseDir: config.instances.baseDir,
      logDir: config.instances.logDir,
      environment,
      portRange: config.instances.portRange,
      startupTimeoutMs: config.instances.startupTimeoutMs,
      heartbeatMs: config.instances.heartbeatIntervalMs,
    },
  );
  return { fleet, events, instances, transport };
}

function toFlowOptions(config: Config, balancing: Balancing, library: WorkflowLibrary) {
  return {
    inputDir: config.comfyui.inputDir,
    outputDir: config.comfyui.outputDir,
    assetLimits: {
      ...ASSET_LIMITS,
      pictureBytes: config.limits.uploadBytes,
      fileBytes: config.limits.assetBytes,
      uploadLifeMs: config.retention.uploadsMs,
    },
    maxFileBytes: MAX_RESULT_BYTES,
    maxFiles: MAX_RESULT_FILES,
    timeoutMs: config.comfyui.timeoutMs,
    maxAttempts: config.placement.maxAttempts,
    priority: (taskType: string) => library.findTaskType(taskType)?.priority ?? DEFAULT_PRIORITY,
    taskTypeLimit: (taskType: string) => library.findTaskType(taskType)?.maxConcurrentTasks ?? null,
    offlineGraceMs: OFFLINE_GRACE_MS,
    placement: {
      strategy: () => balancing.strategy,
      bypass: () => balancing.bypass,
      agingMs: () => balancing.agingMs,
    },
    retention: config.retention,
  };
}

function listWorkflowSources({ builtInWorkflows }: AppOptions, config: Config): WorkflowSources {
  const baseFolder = config.file === null ? config.dataDir : dirname(config.file);
  return [...builtInWorkflows, { taskTypes: config.taskTypes, baseFolder }];
}

async function listen(scope: Scope, http: HttpServer, config: Config): Promise<string> {
  scope.add('listener', () => http.close(), { deadlineMs: 5000 });
  await http.listen({ host: config.server.host, port: config.server.port });
  const bound = http.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : config.server.port;
  const name =
    config.server.host === '0.0.0.0' || config.server.host === '::' ? '127.0.0.1' : config.server.host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** What can change while it runs: workers of the file, and workflows. */
function followConfig({
  database,
  fleet,
  library,
  spine,
  options,
  countLoad,
}: {
  database: Database;
  fleet: WorkerRegistry;
  library: WorkflowLibrary;
  spine: OpenedFlow['spine'];
  options: AppOptions;
  countLoad: (id: WorkerId) => number;
}): void {
  const { store, logger } = options;
  store.onChange(async (config, previous) => {
    await library.reload(listWorkflowSources(options, config));
    await storeWorkflowVersions(database, library.list());
    await applyConfiguredWorkers({ registry: fleet, logger }, config.workers, previous.workers);
    // Idle ones need not wait for the next look.
    await removeIdle({ registry: fleet, countLoad });
    // A raised limit of a task type lets its next task start.
    spine.place();
  });
}
