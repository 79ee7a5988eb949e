import { resolve } from 'node:path';
import type { HttpTransport } from '@comfleet/comfyui';
import type { FleetReason, FleetText } from '@comfleet/contract/texts/fleet';
import type { Database } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { every } from '../../platform/lifecycle/every.ts';
import { Listeners } from '../../platform/lifecycle/listeners.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { readLogTail, rotateLog } from '../../platform/process/capped-log.ts';
import type { PortProbe } from '../../platform/process/free-port.ts';
import type { ProcessTable } from '../../platform/process/process-table.ts';
import type { Programs } from '../../platform/process/programs.ts';
import type { Spawner } from '../../platform/process/spawner.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import type { WorkerRegistry } from '../workers/registry.ts';
import type { CreateId } from '../workers/worker-snapshot.ts';
import { forgetDead, stopUnclaimed } from './earlier-processes.ts';
import { buildInstanceArguments } from './instance-arguments.ts';
import {
  type CompiledInstancesOptions,
  compileInstancesOptions,
  type InstancesOptions,
} from './instance-options.ts';
import { type InstanceRecord, InstanceRecords } from './instance-records.ts';
import type { InstanceSnapshot } from './instance-snapshot.ts';
import { type CheckedInstanceSpec, checkInstanceSpec, type InstanceSpec } from './instance-spec.ts';
import type { InstanceTables } from './instance-tables.ts';
import { leaseFirstPort } from './lease-port.ts';
import { SupervisedInstance } from './supervised-instance.ts';

export type { InstancesOptions } from './instance-options.ts';
export type { InstanceSnapshot } from './instance-snapshot.ts';
export type { InstanceSpec } from './instance-spec.ts';

export interface InstancesDeps {
  database: Database<InstanceTables>;
  clock: Clock;
  random: Random;
  logger: Logger;
  transport: HttpTransport;
  registry: WorkerRegistry;
  spawner: Spawner;
  table: ProcessTable;
  programs: Programs;
  isPortFree: PortProbe;
  createId: CreateId;
}

const LOG_CHECK_MS = 2_000;

/** Opens the supervisor. It starts nothing by itself. On close instances are stopped or left running, by option. */
export async function openInstances(
  scope: Scope,
  deps: InstancesDeps,
  options: InstancesOptions,
): Promise<Instances> {
  const compiled = compileInstancesOptions(options);
  const instances = new Instances(deps, compiled);
  scope.add('instances', () => instances.close(), { deadlineMs: 20_000 });
  every(
    scope,
    { name: 'instance-logs', intervalMs: LOG_CHECK_MS, clock: deps.clock, logger: deps.logger },
    () => instances.rotateLogs(),
  );
  const { heartbeatIntervalMs } = compiled;
  if (heartbeatIntervalMs > 0) {
    const beating = {
      name: 'instance-heartbeat',
      intervalMs: heartbeatIntervalMs,
      clock: deps.clock,
      logger: deps.logger,
    };
    every(scope, beating, () => instances.beat());
  }
  scope.add(
    'instance-restarts',
    deps.registry.onRestartRequest((workerId, reason) => instances.restartFor(workerId, reason)),
  );
  await instances.forgetDead();
  return instances;
}

/** Supervises the ComfyUI processes that we start. Each becomes a worker once it answers. */
export class Instances {
  readonly #deps: InstancesDeps;
  readonly #options: CompiledInstancesOptions;
  readonly #records: InstanceRecords;
  readonly #instances = new Map<string, SupervisedInstance>();
  readonly #changes: Listeners<InstanceSnapshot>;
  /** Starts in progress by name; later callers join. */
  readonly #opening = new Map<string, Promise<SupervisedInstance>>();

  constructor(deps: InstancesDeps, options: CompiledInstancesOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#records = new InstanceRecords(deps.database);
    this.#changes = new Listeners(deps.logger, 'instance.listener_failed');
  }

  /**
   * Starts an instance, or adopts the one that an earlier run left alive; a running one stays as it is. Returns once the process is
   * being started; `whenReady` waits until it answers. Throws INSTANCE_CONFIG before anything starts (PS26).
   */
  async start(spec: InstanceSpec): Promise<InstanceSnapshot> {
    let opening = this.#opening.get(spec.name);
    if (!opening) {
      opening = this.#open(spec).finally(() => this.#opening.delete(spec.name));
      this.#opening.set(spec.name, opening);
    }
    return (await opening).snapshot();
  }

  /** Resolves when the instance answers; rejects with INSTANCE_START_FAILED: reason and the last log lines. */
  whenReady(id: string): Promise<InstanceSnapshot> {
    return this.#load(id).whenReady();
  }

  /** Ends the process and waits for its exit. Its worker leaves the fleet. */
  stop(id: string): Promise<void> {
    return this.#load(id).stop();
  }

  /** Ends the process and starts a new one, even in a crash loop. */
  restart(id: string): Promise<void> {
    return this.#load(id).restart();
  }

  /**
   * Ends a process that no longer answers or runs nothing; the restart policy starts it again. Returns a text about what is done;
   * null when the worker is not one of ours.
   */
  restartFor(workerId: string, reason: FleetReason): FleetText | null {
    for (const instance of this.#instances.values()) {
      if (instance.snapshot().workerId === workerId) return instance.endHung(reason);
    }
    return null;
  }

  list(): InstanceSnapshot[] {
    return [...this.#instances.values()].map((instance) => instance.snapshot());
  }

  /** The last lines of the process's output. */
  logTail(id: string, lines: number): Promise<string[]> {
    return readLogTail(this.#load(id).logPath, lines);
  }

  /** Subscribes to changes. Listeners run synchronously and must be fast. Returns a function that unsubscribes. */
  onChange(listener: (snapshot: InstanceSnapshot) => void): () => void {
    return this.#changes.add(listener);
  }

  /** Stores when each instance last answered. */
  async beat(): Promise<void> {
    for (const instance of this.#instances.values()) await instance.beat();
  }

  async rotateLogs(): Promise<void> {
    for (const { logPath } of this.#instances.values()) {
      await rotateLog({ path: logPath, maxBytes: this.#options.logMaxBytes });
    }
  }

  /** Marks rows whose process is gone as stopped; living processes wait for `start` to adopt them (PS22). */
  forgetDead(): Promise<void> {
    const { table, logger } = this.#deps;
    return forgetDead({ records: this.#records, table, logger });
  }

  /** Ends processes of earlier runs that were not started again. Call it after all `start`s. */
  stopUnclaimed(): Promise<void> {
    const { table, clock, logger } = this.#deps;
    const deps = { records: this.#records, table, clock, logger };
    return stopUnclaimed(deps, (id) => this.#instances.has(id), this.#options);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#opening.values());
    await Promise.all([...this.#instances.values()].map((instance) => instance.close()));
  }

  async #open(spec: InstanceSpec): Promise<SupervisedInstance> {
    const { environment } = this.#options;
    const checked = await checkInstanceSpec(spec, { environment, programs: this.#deps.programs });
    buildInstanceArguments({ ...checked, port: 0, markerDirectory: '' });
    const known = [...this.#instances.values()].find((one) => one.snapshot().name === checked.name);
    if (known) {
      if (known.snapshot().state !== 'ready') await known.start();
      return known;
    }
    const record = await this.#loadRecord(checked);
    const { clock, random, logger, spawner, table, isPortFree, transport, registry } = this.#deps;
    const instance = new SupervisedInstance(
      { record, spec: checked, options: this.#options },
      {
        clock,
        random,
        logger,
        spawner,
        table,
        isPortFree,
        transport,
        registry,
        records: this.#records,
        onChange: (snapshot) => this.#changes.emit(snapshot),
      },
    );
    this.#instances.set(record.id, instance);
    await instance.open();
    return instance;
  }

  async #loadRecord(spec: CheckedInstanceSpec): Promise<InstanceRecord> {
    const { name, folder, listen } = spec;
    const known = await this.#records.findByName(name);
    if (known) {
      await this.#records.update(known.id, { folder });
      return { ...known, folder };
    }
    const id = this.#deps.createId<'instance'>();
    const marker = resolve(this.#options.baseDir, id);
    const { isPortFree } = this.#deps;
    const range = this.#options.portRange;
    const port = await leaseFirstPort(
      { records: this.#records, isFree: isPortFree, host: listen, range },
      (free) => this.#records.insert({ id, name, folder, port: free, marker }),
    );
    const fresh = { pid: null, startStamp: null, bootId: null, workerId: null, restarts: 0 };
    return { id, name, folder, port, marker, ...fresh };
  }

  #load(id: string): SupervisedInstance {
    const instance = this.#instances.get(id);
    if (!instance) throw new AppError('NOT_FOUND', { instance_id: id });
    return instance;
  }
}
