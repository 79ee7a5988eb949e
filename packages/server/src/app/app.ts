import { networkInterfaces } from 'node:os';
import { createUuidV7, type Id, type IdKind, type WorkerId } from '@comfleet/contract';
import { createFleetView } from '../doors/fleet-view.ts';
import type { Instances } from '../fleet/instances/instances.ts';
import { applyConfiguredWorkers } from '../fleet/workers/joining/configured-workers.ts';
import { openJoining } from '../fleet/workers/joining/open-joining.ts';
import type { WorkerRegistry } from '../fleet/workers/registry.ts';
import type { BlobStore } from '../flow/assets/blob-store.ts';
import { Balancing } from '../flow/calls/placement/balancing.ts';
import { parseSubmittedGraph } from '../flow/calls/tasks/parse-submitted-graph.ts';
import type { Engine } from '../flow/engine/engine.ts';
import { Secrets } from '../flow/tasks/secrets.ts';
import { openWorkflowLibrary, type WorkflowLibrary } from '../flow/workflows/workflow-library.ts';
import type { AuditLog } from '../people/audit/audit-log.ts';
import type { FirstAdmin } from '../people/identity/first-admin.ts';
import type { Identity } from '../people/identity/identity.ts';
import { type LocalClient, openLocalClient } from '../people/identity/local-client.ts';
import type { Session } from '../people/identity/session-cache.ts';
import { createPolicyCalls } from '../people/policies/policy-calls.ts';
import type { RunTimeSettings } from '../platform/config/run-time-settings.ts';
import type { Database } from '../platform/database/database.ts';
import { announceAddress } from '../platform/database/stored-settings.ts';
import { listPageAddresses } from '../platform/http/page-addresses.ts';
import { SignedLinks, toAssetPath } from '../platform/http/signed-links.ts';
import { createLatch } from '../platform/lifecycle/latch.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { createDnsResolver } from '../platform/net/dns-resolver.ts';
import { createPlatform, type Platform } from '../platform/process/platform.ts';
import { createRunCommand } from '../platform/process/run-command.ts';
import type { StorageState } from '../platform/storage/storage-state.ts';
import { type Clock, type Random, systemClock, systemRandom } from '../platform/time/clock.ts';
import { toFlowOptions } from './flow-options.ts';
import { followConfig, type Reread } from './follow-config.ts';
import type { Calls } from './open-calls.ts';
import { openDoors } from './open-doors.ts';
import { openFleet } from './open-fleet.ts';
import { openFlow } from './open-flow.ts';
import { openPeople } from './open-people.ts';
import { openBlobs, openRecords } from './open-records.ts';
import { openSettings } from './open-settings.ts';
import type { Config, ConfigStore } from './settings.ts';
import type { Tables } from './tables.ts';
import { VERSION } from './version.ts';
import { listWorkflowSources, type WorkflowSources } from './workflow-sources.ts';

/* Only the files of this folder know every concrete class: they open them in order and pass each its dependencies. */

export interface AppOptions {
  store: ConfigStore;
  /** Shipped workflows: a `task_types` block and the folder of its files. */
  builtInWorkflows: WorkflowSources;
  /** Built pages; null if there are none. */
  webRoot: string | null;
  /** The data folder is not the usual one. */
  namesData?: boolean;
  environment: NodeJS.ProcessEnv;
  logger: Logger;
  /** Another process took over the data. */
  onLost: (error: Error) => void;
  /** Why log lines are being lost; null when none is. */
  logProblem: () => string | null;
  /** Called when storing has become possible or impossible. */
  onStorage: (state: StorageState) => void;
  /** Files of the configuration or of workflows changed and were reloaded. */
  onReread: (reread: Reread) => void;
}

/** What every part is opened with. */
export interface Basics {
  clock: Clock;
  logger: Logger;
  random: Random;
  createId: <K extends IdKind>() => Id<K>;
  platform: Platform;
}

export interface App {
  config: Config;
  address: string;
  /** Where browsers find the pages, for a user who reached the server at `address`. */
  pageAddresses: (address: string) => readonly string[];
  database: Database<Tables>;
  fleet: WorkerRegistry;
  settings: RunTimeSettings;
  instances: Instances;
  identity: Identity;
  /** Null from the second start on. */
  firstAdmin: FirstAdmin | null;
  local: LocalClient;
  library: WorkflowLibrary;
  engine: Engine;
  calls: Calls;
  blobs: BlobStore;
  createId: <K extends IdKind>() => Id<K>;
}

function createBasics({ logger, environment }: AppOptions): Basics {
  const platform = createPlatform(process.platform, {
    environment,
    run: createRunCommand(environment),
    kill: (pid, signal) => process.kill(pid, signal),
  });
  const createId = <K extends IdKind>(): Id<K> =>
    createUuidV7<K>(systemClock.nowMs(), systemRandom.bytes(10));
  return { clock: systemClock, random: systemRandom, logger, createId, platform };
}

/** Starts the control plane. Starts in this order: records, fleet, flow with its recovery, doors; stops in reverse. */
export async function openApp(scope: Scope, options: AppOptions): Promise<App> {
  const { store, logger, environment, builtInWorkflows } = options;
  const basics = createBasics(options);
  const all = { ...options, ...basics };
  const { database, signingKey, sealer, storage } = await openRecords(scope, store.current, all);
  const settings = await openSettings(store, database);
  const config = store.current;
  const people = await openPeople(scope, store, { ...all, database, sealer });
  const { policies, forFlow, forDoors, firstAdmin } = people;
  const { identity, audit } = forDoors;
  // Waiting tasks are loaded and the doors open before a thousand workers respond.
  const contact = createLatch();
  const { fleet, events, instances, transport } = await openFleet(scope, store, {
    ...basics,
    ...{ database, sealer, environment, mayContact: contact.opened },
  });
  // Before waiting tasks are loaded: the lane of a task depends on what the workers have.
  await applyConfiguredWorkers({ registry: fleet, logger }, config.workers);
  const library = await openWorkflowLibrary(scope, basics, listWorkflowSources(builtInWorkflows, config));
  const links = new SignedLinks(signingKey, () => basics.clock.nowMs());
  const blobs = openBlobs(scope, config, basics);
  const { engine, calls } = await openFlow(
    scope,
    {
      ...{ ...basics, ...forFlow, database, fleet, library, blobs },
      secrets: new Secrets(database, sealer),
      findRestart: (workerId) => findRestart(instances, workerId),
      linkTo: (assetId) => links.sign(toAssetPath(assetId)),
    },
    toFlowOptions(store, library, forFlow.runningLimits),
  );
  forFlow.onLimitsChange(() => void engine.settingsChanged());
  reportGoneWorkers(instances, engine, logger);
  const loads = () => engine.loads();
  const joining = await openJoining(scope, {
    ...{ ...basics, registry: fleet, config: store, transport, loads },
    resolver: createDnsResolver(),
    isJoinToken: (text) => identity.joinTokens.isValid(text),
  });
  const pageAddresses = (address: string) => listPageAddresses(config.server, address, networkInterfaces());
  const { address, local } = await openToCallers(scope, store, {
    ...{ ...basics, ...calls, ...forDoors, settings, links, storage, pageAddresses },
    ...{ balancing: new Balancing(store, settings), db: database, version: VERSION },
    policies: createPolicyCalls(toPolicyDeps(store, { ...basics, policies, database, fleet })),
    fleet: createFleetView({ ...joining, registry: fleet, events, loads }),
    clientFolder: options.webRoot,
    namesData: options.namesData === true,
  });
  contact.open();
  followConfig(scope, store, {
    ...{ ...basics, database, fleet, library, engine, loads, builtInWorkflows },
    ...{ workflows: calls.workflows, onReread: createRereadReport(audit, options.onReread) },
  });
  return {
    ...{ config, address, database, fleet, settings, instances, identity, firstAdmin },
    ...{ local, library, engine, calls, blobs, createId: basics.createId, pageAddresses },
  };
}

type CallersDeps = Omit<Parameters<typeof openDoors>[2], 'anonymous' | 'db'> & {
  db: Database<Tables>;
} & Basics;

/** Opens the doors, and the client of this machine's own command line, as which everyone acts if authentication is off. */
async function openToCallers(
  scope: Scope,
  store: ConfigStore,
  deps: CallersDeps,
): Promise<{ address: string; local: LocalClient }> {
  const { identity, db } = deps;
  const config = store.current;
  let session: Session | null = null;
  const anonymous = config.auth.required ? null : () => session;
  const address = await openDoors(scope, store, { ...deps, anonymous });
  await announceAddress(db, address);
  const local = await openLocalClient(deps, config.dataDir, address);
  session = await identity.sessions.authenticate(local.token);
  return { address, local };
}

/** Reports what was read again; a changed configuration is also an act, of whoever may write the file. */
function createRereadReport(audit: AuditLog, report: AppOptions['onReread']) {
  return async (reread: Reread): Promise<void> => {
    report(reread);
    const { file, config } = reread;
    if (config.kind !== 'changed') return;
    const { inForce, needsRestart } = config;
    const object = { kind: 'setting', id: null, name: file } as const;
    await audit.recordOwn('config.reread', object, { in_force: inForce, needs_restart: needsRestart });
  };
}

/** A worker whose process we started is lost as soon as that process ends, without waiting for a health check. */
function reportGoneWorkers(instances: Instances, engine: Engine, logger: Logger): void {
  instances.onChange(({ pid, workerId }) => {
    if (pid !== null || workerId === null) return;
    engine.workerGone(workerId).catch((thrown: unknown) => {
      logger.error('worker_gone.failed', { workerId, error: thrown });
    });
  });
}

function findRestart(instances: Instances, workerId: WorkerId): (() => Promise<void>) | null {
  const own = instances.list().find((instance) => instance.workerId === workerId);
  return own ? () => instances.restart(own.id) : null;
}

function toPolicyDeps<T>(store: ConfigStore, deps: T) {
  const limits = () => store.current.graphLimits;
  const parse = (written: unknown) => parseSubmittedGraph(written, limits());
  return { ...deps, file: store.current.file, parse, maxProblems: () => limits().problems };
}
