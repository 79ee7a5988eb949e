import { ComfySocket, type HttpTransport, type SocketDialer } from '@comfleet/comfyui';
import { plainText, type WorkerId } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import type { Database } from '../../platform/database/database.ts';
import { Gate } from '../../platform/lifecycle/gate.ts';
import { Listeners } from '../../platform/lifecycle/listeners.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import type { AdminOverrides } from './admin-overrides.ts';
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
  /** Keeps the logins of workers in confidence. */
  sealer: Sealer;
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

/** How many workers report at once what they can run: half a megabyte each. */
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

  /** The names of workers, of those that have left too: their attempts go on naming them. */
  async nameWorkers(ids: readonly WorkerId[]): Promise<ReadonlyMap<string, string>> {
    const known = ids.flatMap((id) => this.#workers.find(id) ?? []);
    const gone = ids.filter((id) => this.#workers.find(id) === null);
    const rows = gone.length === 0 ? [] : await this.#records.loadNames([...new Set(gone)]);
    return new Map<string, string>([...known.map(({ id, name }) => [id, name] as const), ...rows]);
  }

  /** One that leaves has given its name up, unless no other has it. */
  findByName(name: string): ConnectedWorker | null {
    return this.#workers.findByName(name);
  }

  findByUrl(url: string): ConnectedWorker | null {
    return this.#workers.findByUrl(url);
  }

  /**
   * Adds a worker and begins to watch it; a worker that is down is tried for ever (HR13). The same name and address give
   * the same id as ever, and new settings take effect; one that was leaving stays. The file's worker at a new address takes
   * over its name, the old one leaves when idle. Throws CONFIG_INVALID, or CONFLICT for a name in use elsewhere.
   */
  add(spec: WorkerSpec): Promise<ConnectedWorker> {
    const compiled = compileWorkerSpec(spec);
    return this.#membership.add(compiled);
  }

  /** Lays settings over those of its source, for good. Throws WORKER_NOT_FOUND, CONFIG_INVALID. */
  change(id: string, changes: WorkerSettings): Promise<void> {
    return this.#membership.override(id, plainText('worker.changed'), ({ spec, overrides }) => {
      const settings = { ...overrides.settings, ...changes };
      overrideSpec(spec, settings);
      return { ...overrides, settings };
    });
  }

  /**
   * Takes a worker out of the fleet at once; its tasks move to others, its row stays for the attempts that name it.
   * Throws WORKER_NOT_FOUND.
   */
  remove(id: string, cause: FleetText = plainText('worker.removed')): Promise<void> {
    return this.#membership.remove(id, cause);
  }

  /**
   * A worker that is to go: it gets no new tasks from now on, and is removed by `Departures` once it is idle and `graceMs`
   * have passed. Adding it again meanwhile keeps it. Throws WORKER_NOT_FOUND.
   */
  depart(id: string, { reason, graceMs = 0 }: { reason: FleetText; graceMs?: number }): Promise<void> {
    const notBeforeMs = this.#deps.clock.nowMs() + graceMs;
    return this.#setMode(id, { leaving: { reason, notBeforeMs } }, reason);
  }

  /** Workers on their way out whose time has come. */
  listDeparting(): WorkerId[] {
    return this.#workers.listDeparting(this.#deps.clock.nowMs());
  }

  /** In maintenance a worker takes no new work, but stays watched. Kept across restarts. Throws WORKER_NOT_FOUND. */
  setMaintenance(id: string, on: boolean): Promise<void> {
    const cause = plainText(on ? 'worker.maintenance_begins' : 'worker.maintenance_ends');
    return this.#setMode(id, { maintenance: on }, cause);
  }

  /** A drained worker takes no new work; what it has finishes. Kept across restarts. Throws WORKER_NOT_FOUND. */
  setDraining(id: string, on: boolean): Promise<void> {
    const cause = plainText(on ? 'worker.draining_begins' : 'worker.draining_ends');
    return this.#setMode(id, { draining: on }, cause);
  }

  /** Overrules what its source says of `enabled`. Kept across restarts. Throws WORKER_NOT_FOUND. */
  setEnabled(id: string, on: boolean): Promise<void> {
    return this.#setMode(id, { enabled: on }, plainText(on ? 'worker.enabled' : 'worker.disabled'));
  }

  /** From now on the ComfyUI that answers on the worker's address is the right one. Throws WORKER_NOT_FOUND. */
  async acceptIdentity(id: string): Promise<HealthResult> {
    const worker = this.#workers.load(id);
    const result = await worker.acceptIdentity();
    this.#emit({ type: 'worker.identity', workerId: worker.id, cause: plainText('worker.accepted') });
    return result;
  }

  /**
   * Has the process of a worker ended and started again by its supervisor, counted and limited by its restart policy.
   * False when the process is not ours; what its supervisor does is reported as `worker.restart_requested`.
   */
  requestRestart(workerId: WorkerId, reason: string): boolean {
    const answer = this.#restarts.request(workerId, reason);
    if (answer === null) return false;
    const cause: FleetText = { code: 'worker.restart', params: { reason, answer } };
    this.#emit({ type: 'worker.restart_requested', workerId, cause });
    return true;
  }

  /** For a supervisor of processes. Returns what ends its duty. */
  onRestartRequest(restarter: Restarter): () => void {
    return this.#restarts.register(restarter);
  }

  /** For the owner of a process that was seen to end: the worker is offline at once. */
  reportGone(id: string, reason: string): void {
    this.#workers.find(id)?.reportGone(reason);
  }

  /** Listeners run at once and must be quick. Returns what ends the subscription. */
  onChange(listener: (change: WorkerChange) => void): () => void {
    return this.#changes.add(listener);
  }

  /** The last known inventory of every worker that ever reported one, offline ones included. */
  knownInventories(): Inventory[] {
    return [...this.#workers].flatMap((worker) => worker.inventory ?? []);
  }

  /** Brings back the workers that no one else will add. */
  restore(): Promise<void> {
    return this.#membership.restore();
  }

  close(): Promise<void> {
    this.#twins.close();
    return this.#membership.close();
  }

  /** What an admin sees as a change of the worker's mode. */
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
          // Health checks ask often enough, and tell it.
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
