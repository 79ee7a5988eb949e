import { createNodeDialer, createNodeTransport } from '@comfleet/comfyui/node';
import { type Instances, openInstances } from '../fleet/instances/instances.ts';
import { openWorkerEvents, type WorkerEvents } from '../fleet/workers/records/worker-events.ts';
import { openWorkerRegistry, type WorkerRegistry } from '../fleet/workers/registry.ts';
import type { Database } from '../platform/database/database.ts';
import type { Scope } from '../platform/lifecycle/scope.ts';
import { isPortFree } from '../platform/process/free-port.ts';
import { createSpawner } from '../platform/process/spawner.ts';
import type { Sealer } from '../platform/secrets/sealer.ts';
import type { Basics } from './app.ts';
import type { ConfigStore } from './settings.ts';
import type { Tables } from './tables.ts';

export interface Fleet {
  fleet: WorkerRegistry;
  events: WorkerEvents;
  instances: Instances;
  transport: ReturnType<typeof createNodeTransport>;
}

/** Opens workers, their history, and the ComfyUI processes that we start. */
export async function openFleet(
  scope: Scope,
  store: Pick<ConfigStore, 'current'>,
  deps: Basics & {
    database: Database<Tables>;
    sealer: Sealer;
    mayContact: Promise<void>;
    environment: NodeJS.ProcessEnv;
  },
): Promise<Fleet> {
  const config = store.current;
  const transport = createNodeTransport();
  scope.add('http to workers', () => transport.close());
  const fleet = await openWorkerRegistry(
    scope,
    { ...deps, transport, dialer: createNodeDialer() },
    config.workerHealth,
  );
  const events = openWorkerEvents(scope, { ...deps, registry: fleet }, () => store.current.retention.tasksMs);
  const { processes: table, programs } = deps.platform;
  const processes = { spawner: createSpawner(), table, programs, isPortFree };
  const instances = await openInstances(
    scope,
    { ...deps, ...processes, transport, registry: fleet },
    { ...config.instances, environment: deps.environment },
  );
  return { fleet, events, instances, transport };
}
