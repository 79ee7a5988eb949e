import { ComfySocket, type HttpTransport, type SocketDialer } from '@comfleet/comfyui';
import { plainText, type WorkerId } from '@comfleet/contract';
import type { FleetReason, FleetText } from '@comfleet/contract/texts/fleet';
import type { Database } from '../../platform/database/database.ts';
import { Gate } from '../../platform/lifecycle/gate.ts';
import { Listeners } from '../../platform/lifecycle/listeners.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { type AdminOverrides, type AdminSwitch, describeSwitch } from './admin-overrides.ts';
import { type CompiledFleetOptions, compileFleetOptions, type FleetOptions } from './fleet-options.ts';
import { FleetComparison } from './health/fleet-comparison.ts';
import type { HealthResult } from './health/health-result.ts';
import { type Restarter, RestartRequests } from './health/restart-requests.ts';
import { Twins } from './identity/twins.ts';
import { WorkerIdentities } from './identity/worker-identities.ts';
import type { Inventory } from './inventory/inventory.ts';
import { SharedInventories } from './inventory/shared-inventories.ts';
import { Membership } from './membership/membership.ts';
import { Roster } from './membership/roster.ts';
import { type WorkerRecord, WorkerRecords } from './records/worker-records.ts';
import { WatchedWorker } from './watching/watched-worker.ts';
import { openDialer } from './worker-access.ts';
import type { ConnectedWorker, CreateId, WorkerChange, WorkerSnapshot } from './worker-snapshot.ts';
import { compileWorkerSpec, overrideSpec, type WorkerSettings, type WorkerSpec } from './worker-spec.ts';
import type { WorkerTables } from './worker-tables.ts';

export type { Inventory } from './inventory/inventory.ts';
export type { ConnectedWorker, WorkerChange, WorkerSnapshot } from './worker-snapshot.ts';
export type { WorkerSettings, WorkerSpec } from './worker-spec.ts';

export interface RegistryDeps {
  database: Database<WorkerTables>;
  clock: Clock;
  random: Random;
  logger: Logger;
  transport: HttpTransport;
  dialer: SocketDialer;
  createId: CreateId;
  /** Seals the logins of workers. */
  sealer: Sealer;
  /** No worker is contacted before this resolves; absent: it is at once. */
  mayContact?: Promise<void>;
}

/**
 * Opens the fleet's registry. Workers from the API are restored; those of the configuration and our instances are added again by
 * their owners, and keep their id, overrides and inventory.
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

/** How many inventories are loaded at once; each takes half a megabyte. */
const INVENTORIES_AT_ONCE = 16;

/** All workers of the fleet, each watched. */
export class WorkerRegistry {
  readonly #deps: RegistryDeps;
  readonly #options: CompiledFleetOptions;
  readonly #records: WorkerRecords;
  readonly #identities: WorkerIdentities;
  readonly #shared = new SharedInventories();
  readonly #inventoryGate = new Gate(INVENTORIES_AT_ONCE);
  readonly #comparison: FleetComparison;
  readonly #restarts = new RestartRequests();
  readonly #workers = new Roster();
  readonly #changes: Listeners<WorkerChange>;
  readonly #membership: Membership;
  readonly #twins: Twins;

  constructor(deps: RegistryDeps, options: CompiledFleetOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#records = new WorkerRecords(deps, this.#shared);
    this.#identities = new WorkerIdentities(deps.database);
    this.#comparison = new FleetComparison(deps.clock, () => this.#workers);
    this.#twins = new Twins({
      ...deps,
      ranking: () => this.#workers.rank(),
      onChange: (ids) => {
        for (const id of ids) this.#workers.find(id)?.reviewTwins();
      },
    });
    this.#changes = new Listeners(deps.logger, 'worker.listener_failed');
    this.#membership = new Membership({
      workers: this.#workers,
      records: this.#records,
      clock: deps.clock,
      mayContact: deps.mayContact ?? null,
      createId: deps.createId,
      createWorker: (record) => this.#createWorker(record),
      emit: (change) => this.#emit(change),
    });
  }

  /** Copies of all workers, in the order they joined. */
  list(): WorkerSnapshot[] {
    return [...this.#workers].map((worker) => worker.snapshot());
  }

  find(id: string): ConnectedWorker | null {
    return this.#workers.find(id);
  }

  /** Names of workers, including removed ones, which attempts still refer to. */
  async nameWorkers(ids: readonly WorkerId[]): Promise<ReadonlyMap<string, string>> {
    const known = ids.flatMap((id) => this.#workers.find(id) ?? []);
    const gone = ids.filter((id) => this.#workers.find(id) === null);
    const rows = gone.length === 0 ? [] : await this.#records.loadNames([...new Set(gone)]);
    return new Map<string, string>([...known.map(({ id, name }) => [id, name] as const), ...rows]);
  }

  /** Finds a worker by name; a leaving one only if no other has the name. */
  findByName(name: string): ConnectedWorker | null {
    return this.#workers.findByName(name);
  }

  findByUrl(url: string): ConnectedWorker | null {
    return this.#workers.findByUrl(url);
  }

  /**
   * Adds a worker and starts to watch it; a worker that is down is checked without end (HR13). The same name and address always
   * get the same id, with the new settings; a leaving one stays. A worker of the file at a new address takes over its name, and
   * the old one leaves when idle. Throws CONFIG_INVALID, or CONFLICT for a name in use elsewhere.
   */
  add(spec: WorkerSpec): Promise<ConnectedWorker> {
    const compiled = compileWorkerSpec(spec);
    return this.#membership.add(compiled);
  }

  /** Overrides settings of its source, permanently. Throws WORKER_NOT_FOUND, CONFIG_INVALID. */
  change(id: string, changes: WorkerSettings): Promise<void> {
    return this.#membership.override(id, plainText('worker.changed'), ({ spec, overrides }) => {
      const settings = { ...overrides.settings, ...changes };
      overrideSpec(spec, settings);
      return { ...overrides, settings };
    });
  }

  /**
   * Removes a worker at once; its tasks move to others, and its row stays for the attempts that refer to it. Throws
   * WORKER_NOT_FOUND.
   */
  remove(id: string, cause: FleetText = plainText('worker.removed')): Promise<void> {
    return this.#membership.remove(id, cause);
  }

  /**
   * Lets a worker leave: it gets no new tasks, and `Departures` removes it once it is idle and `graceMs` have passed. Adding it
   * again before that keeps it. Throws WORKER_NOT_FOUND.
   */
  depart(id: string, { reason, graceMs = 0 }: { reason: FleetText; graceMs?: number }): Promise<void> {
    const notBeforeMs = this.#deps.clock.nowMs() + graceMs;
    return this.#setMode(id, { leaving: { reason, notBeforeMs } }, reason);
  }

  /** Leaving workers whose grace period is over. */
  listDeparting(): WorkerId[] {
    return this.#workers.listDeparting(this.#deps.clock.nowMs());
  }

  /** Applies a decision of an admin. Throws WORKER_NOT_FOUND. */
  override(id: string, change: AdminSwitch): Promise<void> {
    return this.#setMode(id, change, describeSwitch(change));
  }

  /** Accepts the ComfyUI that answers at the worker's address from now on. Throws WORKER_NOT_FOUND. */
  async acceptIdentity(id: string): Promise<HealthResult> {
    const worker = this.#workers.load(id);
    const result = await worker.acceptIdentity();
    this.#emit({ type: 'worker.identity', workerId: worker.id, cause: plainText('worker.accepted') });
    return result;
  }

  /**
   * Asks the supervisor to restart a worker's process, within its restart policy. Returns false when the process is not ours. What
   * the supervisor does is reported as `worker.restart_requested`.
   */
  requestRestart(workerId: WorkerId, reason: FleetReason): boolean {
    const outcome = this.#restarts.request(workerId, reason);
    if (outcome === null) return false;
    const cause: FleetText = { code: 'worker.restart', params: { reason, answer: outcome } };
    this.#emit({ type: 'worker.restart_requested', workerId, cause });
    return true;
  }

  /** Registers a supervisor of processes. Returns a function that removes it. */
  onRestartRequest(restarter: Restarter): () => void {
    return this.#restarts.register(restarter);
  }

  /** Reports that a worker's process was seen to end: the worker is offline at once. */
  reportGone(id: string, reason: FleetReason): void {
    this.#workers.find(id)?.reportGone(reason);
  }

  /** Subscribes to changes. Listeners run synchronously and must be fast. Returns a function that unsubscribes. */
  onChange(listener: (change: WorkerChange) => void): () => void {
    return this.#changes.add(listener);
  }

  /** Last known inventories of all workers, including offline ones. */
  knownInventories(): Inventory[] {
    return [...this.#workers].flatMap((worker) => worker.inventory ?? []);
  }

  /** Restores the workers that no owner will add again. */
  restore(): Promise<void> {
    return this.#membership.restore();
  }

  close(): Promise<void> {
    this.#twins.close();
    return this.#membership.close();
  }

  /** Changes the mode of a worker, as an admin sees it. */
  async #setMode(id: string, changes: Partial<AdminOverrides>, cause: FleetText): Promise<void> {
    const { id: workerId } = this.#workers.load(id);
    await this.#membership.override(id, cause, ({ overrides }) => ({ ...overrides, ...changes }));
    this.#emit({ type: 'worker.maintenance', workerId, cause });
  }

  #createWorker(record: WorkerRecord): WatchedWorker {
    const { clock, random, logger, transport, dialer, createId } = this.#deps;
    return new WatchedWorker(record, {
      records: this.#records,
      identities: this.#identities,
      shared: this.#shared,
      inventoryGate: this.#inventoryGate,
      clock,
      random,
      logger,
      transport,
      options: this.#options,
      openSocket: (baseUrl, access) =>
        new ComfySocket({
          baseUrl,
          dialer: openDialer(dialer, access),
          clock,
          random: () => random.fraction(),
          createId,
          // Health checks are frequent, and notify the socket.
          waitsForNews: true,
        }),
      onChange: (type, cause, facts) => this.#emit({ type, workerId: record.id, cause, ...facts }),
      comparison: this.#comparison,
      twins: this.#twins,
      nameOf: (id) => this.#workers.find(id)?.name ?? null,
      requestRestart: (reason) => void this.requestRestart(record.id, reason),
    });
  }

  #emit(change: WorkerChange): void {
    if (change.type === 'worker.offline' || change.type === 'worker.error') this.#comparison.recheckEjected();
    this.#changes.emit(change, { change: change.type });
  }
}
