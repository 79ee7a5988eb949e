import { ComfySocket, type HttpTransport, type SocketDialer } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import { Gate } from '../../platform/lifecycle/gate.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { type CompiledFleetOptions, compileFleetOptions, type FleetOptions } from './fleet-options.ts';
import type { HealthResult } from './health/health-result.ts';
import { isOutlier, type Latency, type SortedLatencies, sortLatencies } from './health/latency.ts';
import { WorkerIdentities } from './identity/worker-identities.ts';
import type { Inventory } from './inventory/inventory.ts';
import { SharedInventories } from './inventory/shared-inventories.ts';
import { WatchedWorker } from './watched-worker.ts';
import { type WorkerDecisions, type WorkerRecord, WorkerRecords } from './worker-records.ts';
import type { ConnectedWorker, CreateId, WorkerChange, WorkerSnapshot } from './worker-snapshot.ts';
import {
  type CompiledWorkerSpec,
  compileWorkerSpec,
  isKnownByName,
  overrideSpec,
  type WorkerSettings,
  type WorkerSpec,
} from './worker-spec.ts';
import { NO_SWITCHES, type WorkerSwitches } from './worker-switches.ts';

export type { Inventory } from './inventory/inventory.ts';
export type { ConnectedWorker, WorkerChange, WorkerSnapshot } from './worker-snapshot.ts';
export type { WorkerSettings, WorkerSpec } from './worker-spec.ts';

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

/** Starts the process of a worker again, if it is ours; answers in words what it does about it, null for a stranger. */
export type Restarter = (workerId: WorkerId, reason: string) => string | null;

/** So many workers tell at once what they can run: half a megabyte each. */
const INVENTORIES_AT_ONCE = 16;
/** The latencies of the fleet are compared as they were at most this long ago. */
const LATENCIES_MS = 1_000;

/** All workers of the fleet, each watched. */
export class WorkerRegistry {
  readonly #deps: RegistryDeps;
  readonly #options: CompiledFleetOptions;
  readonly #records: WorkerRecords;
  readonly #identities: WorkerIdentities;
  readonly #shared = new SharedInventories();
  readonly #inventoryGate = new Gate(INVENTORIES_AT_ONCE);
  #latencies: { atMs: number; sorted: SortedLatencies } = { atMs: Number.NEGATIVE_INFINITY, sorted: [] };
  readonly #restarters = new Set<Restarter>();
  readonly #workers = new Map<WorkerId, WatchedWorker>();
  readonly #listeners = new Set<(change: WorkerChange) => void>();
  /** Additions and removals run one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(deps: RegistryDeps, options: CompiledFleetOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#records = new WorkerRecords(deps.database, this.#shared);
    this.#identities = new WorkerIdentities(deps.database);
  }

  /** Copies of all workers, in the order they joined. */
  list(): WorkerSnapshot[] {
    return [...this.#workers.values()].map((worker) => worker.snapshot());
  }

  find(id: string): ConnectedWorker | null {
    return this.#workers.get(id as WorkerId) ?? null;
  }

  /** One that leaves has given its name up, unless no other has it. */
  findByName(name: string): ConnectedWorker | null {
    return this.#findNamed(name);
  }

  findByUrl(url: string): ConnectedWorker | null {
    for (const worker of this.#workers.values()) if (worker.url === url) return worker;
    return null;
  }

  /**
   * Adds a worker and begins to watch it; a worker that is down is tried for ever (HR13). The same name and address give
   * the same id as ever, and new settings take effect; one that was leaving stays. The file's worker at a new address takes
   * over its name, the old one leaves when idle. Throws CONFIG_INVALID, or CONFLICT for a name in use elsewhere.
   */
  add(spec: WorkerSpec): Promise<ConnectedWorker> {
    const compiled = compileWorkerSpec(spec);
    return this.#inTurn(() => this.#add(compiled));
  }

  /** Lays settings over those of its source, for good. Throws WORKER_NOT_FOUND, CONFIG_INVALID. */
  change(id: string, changes: WorkerSettings): Promise<void> {
    return this.#decide(id, 'settings changed', ({ spec, overrides, switches }) => {
      const merged = { ...overrides, ...changes };
      overrideSpec(spec, merged);
      return { spec, overrides: merged, switches };
    });
  }

  /**
   * Takes a worker out of the fleet at once; its tasks move to others, its row stays for the attempts that name it.
   * Throws WORKER_NOT_FOUND.
   */
  remove(id: string, cause = 'taken out of the fleet'): Promise<void> {
    return this.#inTurn(async () => {
      const worker = this.#load(id);
      this.#workers.delete(worker.id);
      await this.#records.setRemoved(worker.id);
      this.#emit({ type: 'worker.removed', workerId: worker.id, cause });
      await worker.stop();
    });
  }

  /**
   * A worker that is to go: it takes nothing new from now on, and is removed by `Departures` once it is idle and `graceMs`
   * have passed. Adding it again meanwhile keeps it. Throws WORKER_NOT_FOUND.
   */
  depart(id: string, { reason, graceMs = 0 }: { reason: string; graceMs?: number }): Promise<void> {
    const notBeforeMs = this.#deps.clock.nowMs() + graceMs;
    return this.#switch(id, { leaving: { reason, notBeforeMs } }, reason);
  }

  /** Workers on their way out whose time has come. */
  listDeparting(): WorkerId[] {
    const nowMs = this.#deps.clock.nowMs();
    return [...this.#workers.values()]
      .filter(
        ({ decisions }) => (decisions.switches.leaving?.notBeforeMs ?? Number.POSITIVE_INFINITY) <= nowMs,
      )
      .map((worker) => worker.id);
  }

  /** In maintenance a worker takes no new work, but stays watched. Kept across restarts. Throws WORKER_NOT_FOUND. */
  setMaintenance(id: string, on: boolean): Promise<void> {
    return this.#switch(id, { maintenance: on }, on ? 'maintenance begins' : 'maintenance ends');
  }

  /** A drained worker takes no new work; what it has finishes. Kept across restarts. Throws WORKER_NOT_FOUND. */
  setDraining(id: string, on: boolean): Promise<void> {
    return this.#switch(id, { draining: on }, on ? 'draining begins' : 'draining ends');
  }

  /** Overrules what its source says of `enabled`. Kept across restarts. Throws WORKER_NOT_FOUND. */
  setEnabled(id: string, on: boolean): Promise<void> {
    return this.#switch(id, { enabled: on }, on ? 'enabled' : 'disabled');
  }

  /** From now on the ComfyUI that answers on the worker's address is the right one. Throws WORKER_NOT_FOUND. */
  async acceptIdentity(id: string): Promise<HealthResult> {
    const worker = this.#load(id);
    const result = await worker.acceptIdentity();
    this.#emit({
      type: 'worker.identity',
      workerId: worker.id,
      cause: 'the server was accepted by a person',
    });
    return result;
  }

  /**
   * Has the process of a worker ended and started again by its supervisor, counted and limited by its restart policy.
   * False when the process is not ours; what its supervisor does is told as `worker.restart_asked`.
   */
  requestRestart(id: string, reason: string): boolean {
    for (const restart of this.#restarters) {
      const answer = restart(id as WorkerId, reason);
      if (answer === null) continue;
      this.#emit({ type: 'worker.restart_asked', workerId: id as WorkerId, cause: `${reason}: ${answer}` });
      return true;
    }
    return false;
  }

  /** For a supervisor of processes. The answer ends its duty. */
  onRestartRequest(restarter: Restarter): () => void {
    this.#restarters.add(restarter);
    return () => {
      this.#restarters.delete(restarter);
    };
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
    for (const record of await this.#records.listOwnerless()) this.#watch(record, { known: true });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([this.#turn]);
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    this.#workers.clear();
  }

  async #add(spec: CompiledWorkerSpec): Promise<ConnectedWorker> {
    if (this.#closed) throw new AppError('SHUTTING_DOWN');
    const same = [...this.#workers.values()].find(({ name, url }) => name === spec.name && url === spec.url);
    if (same) return this.#takeOver(same, spec);
    const named = this.#findNamed(spec.name);
    if (named && named.decisions.switches.leaving === null) await this.#giveUpName(named, spec);
    const { record, known } = await this.#loadRecord(spec);
    return this.#watch(record, { known });
  }

  /** Frees a name for the same worker at another address. Throws CONFLICT when it is another worker's. */
  async #giveUpName(named: WatchedWorker, spec: CompiledWorkerSpec): Promise<void> {
    const { source } = named.decisions.spec;
    if (source !== spec.source || source === 'api') {
      throw new AppError('CONFLICT', { worker: spec.name, in_use_by: named.url });
    }
    if (isKnownByName(source)) {
      this.#workers.delete(named.id);
      await named.stop();
      return;
    }
    const leaving = { reason: `its name is now that of ${spec.url}`, notBeforeMs: this.#deps.clock.nowMs() };
    await this.#apply(named, withSwitches(named.decisions, { leaving }), leaving.reason);
  }

  /** A worker that leaves and is added again stays. */
  async #takeOver(worker: WatchedWorker, spec: CompiledWorkerSpec): Promise<ConnectedWorker> {
    const { overrides, switches } = worker.decisions;
    await this.#apply(worker, { spec, overrides, switches: { ...switches, leaving: null } }, 'new settings');
    return worker;
  }

  async #loadRecord(spec: CompiledWorkerSpec): Promise<{ record: WorkerRecord; known: boolean }> {
    const known = await this.#records.find(spec);
    if (known) {
      const record = { ...known, spec, switches: { ...known.switches, leaving: null } };
      await this.#records.update(known.id, record);
      return { record, known: true };
    }
    const id = this.#deps.createId<'worker'>();
    const fresh: WorkerDecisions = { spec, overrides: {}, switches: NO_SWITCHES };
    await this.#records.insert(id, fresh);
    return { record: { id, ...fresh, inventory: null, lastSeenMs: null }, known: false };
  }

  async #switch(id: string, switches: Partial<WorkerSwitches>, cause: string): Promise<void> {
    await this.#decide(id, cause, (decisions) => withSwitches(decisions, switches));
    this.#emit({ type: 'worker.maintenance', workerId: id as WorkerId, cause });
  }

  #decide(id: string, cause: string, next: (decisions: WorkerDecisions) => WorkerDecisions): Promise<void> {
    return this.#inTurn(async () => {
      const worker = this.#load(id);
      await this.#apply(worker, next(worker.decisions), cause);
    });
  }

  /** In SQL first: what was said survives. */
  async #apply(worker: WatchedWorker, decisions: WorkerDecisions, cause: string): Promise<void> {
    await this.#records.update(worker.id, decisions);
    worker.setDecisions(decisions);
    this.#emit({ type: 'worker.changed', workerId: worker.id, cause });
  }

  #watch(record: WorkerRecord, { known }: { known: boolean }): WatchedWorker {
    const { clock, random, logger, transport, dialer, createId } = this.#deps;
    const worker = new WatchedWorker(record, {
      records: this.#records,
      identities: this.#identities,
      shared: this.#shared,
      inventoryGate: this.#inventoryGate,
      clock,
      random,
      logger,
      transport,
      options: this.#options,
      openSocket: (baseUrl) =>
        new ComfySocket({ baseUrl, dialer, clock, random: () => random.fraction(), createId }),
      onChange: (type, cause, facts) => this.#emit({ type, workerId: record.id, cause, ...facts }),
      fleet: {
        hasOtherOnline: (id) => this.#hasOtherOnline(id),
        isSlow: (id, own) => this.#isSlow(id, own),
      },
      askRestart: (reason) => void this.requestRestart(record.id, reason),
    });
    this.#workers.set(worker.id, worker);
    const cause = `from ${record.spec.source}`;
    this.#emit({ type: 'worker.added', workerId: worker.id, cause, details: { known } });
    worker.start();
    return worker;
  }

  #hasOtherOnline(id: WorkerId): boolean {
    for (const other of this.#workers.values()) if (other.id !== id && other.isOnline) return true;
    return false;
  }

  #isSlow(id: WorkerId, own: Latency): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#latencies.atMs >= LATENCIES_MS) {
      const online = [...this.#workers.values()].filter((worker) => worker.isOnline);
      const all = online.map((worker) => ({ id: worker.id, latency: worker.condition.latency }));
      this.#latencies = { atMs: nowMs, sorted: sortLatencies(all) };
    }
    return isOutlier(id, own, this.#latencies.sorted);
  }

  /** The last one online has fallen: those that wait out a time may be needed now (A15). */
  #recallEjected(): void {
    for (const worker of this.#workers.values()) {
      if (worker.condition.health.kind === 'ejected') worker.lookAgain();
    }
  }

  #findNamed(name: string): WatchedWorker | null {
    const named = [...this.#workers.values()].filter((worker) => worker.name === name);
    return named.find(({ decisions }) => decisions.switches.leaving === null) ?? named[0] ?? null;
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
    if (change.type === 'worker.offline' || change.type === 'worker.error') this.#recallEjected();
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

function withSwitches(decisions: WorkerDecisions, switches: Partial<WorkerSwitches>): WorkerDecisions {
  return { ...decisions, switches: { ...decisions.switches, ...switches } };
}
