import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeDialer, createNodeTransport } from '@comfleet/comfyui/node';
import { createUuidV7, type Id, type IdKind } from '@comfleet/contract';
import type { Tables } from '../../src/app/tables.ts';
import {
  type InstanceSnapshot,
  type Instances,
  type InstancesOptions,
  openInstances,
} from '../../src/fleet/instances/instances.ts';
import type { FleetOptions } from '../../src/fleet/workers/fleet-options.ts';
import { openWorkerRegistry, type WorkerRegistry } from '../../src/fleet/workers/registry.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { Scope } from '../../src/platform/lifecycle/scope.ts';
import { silentLogger } from '../../src/platform/logging/logger.ts';
import { isPortFree, type PortProbe } from '../../src/platform/process/free-port.ts';
import { createPlatform, type Platform } from '../../src/platform/process/platform.ts';
import type { ProcessTable } from '../../src/platform/process/process-table.ts';
import { createRunCommand } from '../../src/platform/process/run-command.ts';
import { createSpawner } from '../../src/platform/process/spawner.ts';
import { Sealer } from '../../src/platform/secrets/sealer.ts';
import { systemClock, systemRandom } from '../../src/platform/time/clock.ts';
import { openMemoryDatabase } from '../kit/memory-database.ts';

/** Below the kernel's ephemeral range; different per process, because test files run in parallel. */
const FIRST_PORT = 20_000 + (process.pid % 120) * 100;

/** One run of the parts of the control plane that manage instances. */
export interface Run {
  registry: WorkerRegistry;
  instances: Instances;
  close(): Promise<void>;
}

/** A data folder and a database that survive a run. */
export interface Rig {
  folder: string;
  firstPort: number;
  database: Database<Tables>;
  table: ProcessTable;
  open(options?: Partial<InstancesOptions>, fleet?: FleetOptions, probe?: PortProbe): Promise<Run>;
  close(): Promise<void>;
}

/** Real processes and sockets, an in-memory database, and back-off without waiting. */
export async function openRig(): Promise<Rig> {
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-instances-'));
  const database = await openMemoryDatabase(systemClock);
  const platform = createPlatform(process.platform, {
    environment: process.env,
    run: createRunCommand(process.env),
    kill: (pid, signal) => process.kill(pid, signal),
  });
  const runs: Run[] = [];
  return {
    folder,
    firstPort: FIRST_PORT,
    database,
    table: platform.processes,
    open: async (options = {}, fleet = {}, probe = isPortFree) => {
      const run = await openRun({ folder, database, platform, isPortFree: probe }, options, fleet);
      runs.push(run);
      return run;
    },
    close: async () => {
      for (const run of runs) await run.close();
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openRun(
  {
    folder,
    database,
    platform,
    isPortFree,
  }: Pick<Rig, 'folder' | 'database'> & { platform: Platform; isPortFree: PortProbe },
  options: Partial<InstancesOptions>,
  fleet: FleetOptions,
): Promise<Run> {
  const random = { bytes: systemRandom.bytes, fraction: () => 0 };
  const createId = <K extends IdKind>(): Id<K> => createUuidV7<K>(systemClock.nowMs(), random.bytes(10));
  const scope = new Scope('test', systemClock, silentLogger);
  const transport = createNodeTransport();
  scope.add('transport', () => transport.close());
  const deps = { database, clock: systemClock, random, logger: silentLogger, transport, createId };
  const registry = await openWorkerRegistry(
    scope,
    { ...deps, dialer: createNodeDialer(), sealer: new Sealer(new Uint8Array(32)) },
    fleet,
  );
  const { processes: table, programs } = platform;
  const processes = { spawner: createSpawner(), table, programs };
  const instances = await openInstances(
    scope,
    { ...deps, registry, ...processes, isPortFree },
    {
      baseDir: join(folder, 'instances'),
      logDir: join(folder, 'logs'),
      environment: process.env,
      portRange: { first: FIRST_PORT, last: FIRST_PORT + 99 },
      ...options,
    },
  );
  return { registry, instances, close: () => scope.close() };
}

/** Resolves with the first matching snapshot from now on. */
export function whenInstance(
  instances: Instances,
  fits: (snapshot: InstanceSnapshot) => boolean,
): Promise<InstanceSnapshot> {
  return new Promise((resolve) => {
    const end = instances.onChange((snapshot) => {
      if (!fits(snapshot)) return;
      end();
      resolve(snapshot);
    });
  });
}

/** Resolves when a worker with this name is in this state. */
export function whenWorker(registry: WorkerRegistry, name: string, state: string): Promise<void> {
  const isReached = () => registry.findByName(name)?.snapshot().state === state;
  if (isReached()) return Promise.resolve();
  return new Promise((resolve) => {
    const end = registry.onChange(() => {
      if (!isReached()) return;
      end();
      resolve();
    });
  });
}
