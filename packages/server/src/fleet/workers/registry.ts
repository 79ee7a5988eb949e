import { ComfySocket, type HttpTransport, type SocketDialer } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { type CompiledFleetOptions, compileFleetOptions, type FleetOptions } from './fleet-options.ts';
import type { Inventory } from './inventory.ts';
import { WatchedWorker } from './watched-worker.ts';
import { type WorkerRecord, WorkerRecords } from './worker-records.ts';
import type { ConnectedWorker, CreateId, WorkerChange, WorkerSnapshot } from './worker-snapshot.ts';
import { type CompiledWorkerSpec, compileWorkerSpec, isKnownByName, type WorkerSpec } from './worker-spec.ts';

export type { Inventory } from './inventory.ts';
export type { ConnectedWorker, WorkerChange, WorkerSnapshot } from './worker-snapshot.ts';
export type { WorkerSpec } from './worker-spec.ts';

export interface RegistryDeps {
  database: Database;
  clock: Clock;
  random: Random;
  logger: Logger;
  transport: HttpTransport;
  dialer: SocketDialer;
  createId: CreateId;
}

/**
 * Opens the fleet's registry. Workers added through the API return by themselves; those of the configuration and our
 * instances are added again by their owners and get the id, maintenance and inventory they had.
 */
export async function openWorkerRegistry(
  scope: Scope,
  deps: RegistryDeps,
  options: FleetOptions = {},
): Promise<WorkerRegistry> {
  const registry = new WorkerRegistry(deps, compileFleetOptions(options));
  scope.add('workers', () => registry.close());
  await registry.restore();
  return registry;
}

/** All workers of the fleet, each watched. */
export class WorkerRegistry {
  readonly #deps: RegistryDeps;
  readonly #options: CompiledFleetOptions;
  readonly #records: WorkerRecords;
  readonly #workers = new Map<WorkerId, WatchedWorker>();
  readonly #listeners = new Set<(change: WorkerChange) => void>();
  /** Additions and removals run one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(deps: RegistryDeps, options: CompiledFleetOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#records = new WorkerRecords(deps.database);
  }

  /** Copies of all workers, in the order they joined. */
  list(): WorkerSnapshot[] {
    return [...this.#workers.values()].map((worker) => worker.snapshot());
  }

  find(id: string): ConnectedWorker | null {
    return this.#workers.get(id as WorkerId) ?? null;
  }

  findByName(name: string): ConnectedWorker | null {
    return this.#findNamed(name);
  }

  /**
   * Adds a worker and begins to watch it; a worker that is down is tried for ever (HR13). The same name and address give
   * the same id as ever, and new settings take effect. Throws CONFIG_INVALID, or CONFLICT for a name in use elsewhere.
   */
  add(spec: WorkerSpec): Promise<ConnectedWorker> {
    const compiled = compileWorkerSpec(spec);
    return this.#inTurn(() => this.#add(compiled));
  }

  /** Takes a worker out of the fleet; its row stays for the attempts that name it. Throws WORKER_NOT_FOUND. */
  remove(id: string): Promise<void> {
    return this.#inTurn(async () => {
      const worker = this.#load(id);
      this.#workers.delete(worker.id);
      await this.#records.setRemoved(worker.id);
      this.#emit({ type: 'worker.removed', workerId: worker.id, cause: 'taken out of the fleet' });
      await worker.stop();
    });
  }

  /** In maintenance a worker takes no new work, but stays watched. Kept across restarts. Throws WORKER_NOT_FOUND. */
  async setMaintenance(id: string, on: boolean): Promise<void> {
    const worker = this.#load(id);
    await this.#records.setMaintenance(worker.id, on);
    worker.setMaintenance(on);
    const cause = on ? 'maintenance begins' : 'maintenance ends';
    this.#emit({ type: 'worker.changed', workerId: worker.id, cause });
  }

  /** For the owner of a process that was seen to end: the worker is offline at once. */
  reportGone(id: string, reason: string): void {
    this.#workers.get(id as WorkerId)?.reportGone(reason);
  }

  /** Listeners run at once and must be quick. The answer ends the subscription. */
  onChange(listener: (change: WorkerChange) => void): () => void {
    const own = (change: WorkerChange) => listener(change);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** The last known inventory of every worker that ever told one, offline ones included. */
  knownInventories(): Inventory[] {
    return [...this.#workers.values()].flatMap((worker) => worker.inventory ?? []);
  }

  /** Brings back the workers that no one else will add. */
  async restore(): Promise<void> {
    for (const record of await this.#records.list(['api'])) this.#watch(record);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([this.#turn]);
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    this.#workers.clear();
  }

  async #add(spec: CompiledWorkerSpec): Promise<ConnectedWorker> {
    if (this.#closed) throw new AppError('SHUTTING_DOWN');
    const named = this.#findNamed(spec.name);
    if (named?.url === spec.url) return this.#reconfigure(named, spec);
    if (named) {
      if (named.spec.source !== spec.source || !isKnownByName(spec.source)) {
        throw new AppError('CONFLICT', { worker: spec.name, in_use_by: named.url });
      }
      this.#workers.delete(named.id);
      await named.stop();
    }
    return this.#watch(await this.#loadRecord(spec));
  }

  async #reconfigure(worker: WatchedWorker, spec: CompiledWorkerSpec): Promise<ConnectedWorker> {
    await this.#records.update(worker.id, spec);
    worker.setSpec(spec);
    this.#emit({ type: 'worker.changed', workerId: worker.id, cause: 'new settings' });
    return worker;
  }

  async #loadRecord(spec: CompiledWorkerSpec): Promise<WorkerRecord> {
    const known = await this.#records.find(spec);
    if (known) {
      await this.#records.update(known.id, spec);
      return { ...known, spec };
    }
    const id = this.#deps.createId<'worker'>();
    await this.#records.insert(id, spec);
    return { id, spec, maintenance: false, inventory: null, lastSeenMs: null };
  }

  #watch(record: WorkerRecord): WatchedWorker {
    const { clock, random, logger, transport, dialer, createId } = this.#deps;
    const worker = new WatchedWorker(record, {
      records: this.#records,
      clock,
      random,
      logger,
      transport,
      options: this.#options,
      openSocket: (baseUrl) =>
        new ComfySocket({ baseUrl, dialer, clock, random: () => random.fraction(), createId }),
      onChange: (type, cause) => this.#emit({ type, workerId: record.id, cause }),
    });
    this.#workers.set(worker.id, worker);
    this.#emit({ type: 'worker.added', workerId: worker.id, cause: `from ${record.spec.source}` });
    worker.start();
    return worker;
  }

  #findNamed(name: string): WatchedWorker | null {
    for (const worker of this.#workers.values()) if (worker.name === name) return worker;
    return null;
  }

  #load(id: string): WatchedWorker {
    const worker = this.#workers.get(id as WorkerId);
    if (!worker) throw new AppError('WORKER_NOT_FOUND', { worker_id: id });
    return worker;
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => undefined); // the caller gets the failure; the next in turn goes on
    return done;
  }

  #emit(change: WorkerChange): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (thrown) {
        this.#deps.logger.error('worker.listener_failed', {
          change: change.type,
          error: toError(thrown).message,
        });
      }
    }
  }
}
