import { startTimeSlice } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { type AdminOverrides, NO_OVERRIDES } from '../admin-overrides.ts';
import type { DesiredWorker, WorkerRecord, WorkerRecords } from '../records/worker-records.ts';
import type { WatchedWorker } from '../watching/watched-worker.ts';
import type { CreateId, WorkerChange } from '../worker-snapshot.ts';
import { type CompiledWorkerSpec, isKnownByName } from '../worker-spec.ts';
import type { Roster } from './roster.ts';

export interface MembershipDeps {
  workers: Roster;
  records: WorkerRecords;
  clock: Clock;
  /** Workers that joined before it resolves are watched from then on; null: all are at once. */
  mayContact: Promise<void> | null;
  createId: CreateId;
  /** Creates a worker from its record, not watched yet. */
  createWorker: (record: WorkerRecord) => WatchedWorker;
  emit: (change: WorkerChange) => void;
}

/** Short, because the start of the server continues meanwhile and has precedence. */
const START_TURN_MS = 2;

/** Members of the fleet and the decisions about them. Changes run one at a time, and are stored before they take effect. */
export class Membership {
  readonly #deps: MembershipDeps;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #joined: WatchedWorker[] = [];
  #starting: Promise<void> | null = null;
  #closed = false;

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
  }

  /** Adds a worker; the same name and address always get the same id. Throws CONFLICT for a name in use elsewhere. */
  add(spec: CompiledWorkerSpec): Promise<WatchedWorker> {
    return this.#inTurn(async () => {
      if (this.#closed) throw new AppError('SHUTTING_DOWN');
      const { workers } = this.#deps;
      const same = workers.findSame(spec);
      if (same) return this.#takeOver(same, spec);
      const named = workers.findByName(spec.name);
      if (named && !named.isLeaving) await this.#giveUpName(named, spec);
      const { record, known } = await this.#loadRecord(spec);
      return this.#watch(record, { known });
    });
  }

  /** Throws WORKER_NOT_FOUND. */
  remove(id: string, cause: FleetText): Promise<void> {
    return this.#inTurn(async () => {
      const { workers, records, emit } = this.#deps;
      const worker = workers.load(id);
      workers.delete(worker.id);
      await records.setRemoved(worker.id);
      emit({ type: 'worker.removed', workerId: worker.id, cause });
      await worker.stop();
    });
  }

  /** Changes overrides; `next` gets the current ones. Throws WORKER_NOT_FOUND, and whatever `next` throws. */
  override(id: string, cause: FleetText, next: (desired: DesiredWorker) => AdminOverrides): Promise<void> {
    return this.#inTurn(async () => {
      const worker = this.#deps.workers.load(id);
      const { desired } = worker;
      await this.#apply(worker, { ...desired, overrides: next(desired) }, cause);
    });
  }

  /** Restores the workers that no owner will add again. */
  async restore(): Promise<void> {
    for (const record of await this.#deps.records.listOwnerless()) this.#watch(record, { known: true });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([this.#turn]);
    this.#joined.length = 0;
    await Promise.all([...this.#deps.workers].map((worker) => worker.stop()));
    this.#deps.workers.clear();
  }

  /** Frees a name for the same worker at a new address. Throws CONFLICT when another worker has it. */
  async #giveUpName(named: WatchedWorker, spec: CompiledWorkerSpec): Promise<void> {
    const { desired } = named;
    const { source } = desired.spec;
    if (source !== spec.source || source === 'api') {
      throw new AppError('CONFLICT', { worker: spec.name, in_use_by: named.url });
    }
    if (isKnownByName(source)) {
      this.#deps.workers.delete(named.id);
      await named.stop();
      return;
    }
    const reason: FleetText = { code: 'worker.renamed', params: { url: spec.url } };
    const leaving = { reason, notBeforeMs: this.#deps.clock.nowMs() };
    await this.#apply(named, { ...desired, overrides: { ...desired.overrides, leaving } }, reason);
  }

  /** A worker that leaves and is added again stays. */
  async #takeOver(worker: WatchedWorker, spec: CompiledWorkerSpec): Promise<WatchedWorker> {
    const overrides = { ...worker.desired.overrides, leaving: null };
    await this.#apply(worker, { spec, overrides }, plainText('worker.settings'));
    return worker;
  }

  async #loadRecord(spec: CompiledWorkerSpec): Promise<{ record: WorkerRecord; known: boolean }> {
    const { records, createId } = this.#deps;
    const known = await records.restore(spec);
    if (known) return { record: known, known: true };
    const id = createId<'worker'>();
    const fresh: DesiredWorker = { spec, overrides: NO_OVERRIDES };
    await records.insert(id, fresh);
    return { record: { id, ...fresh, inventory: null, lastSeenMs: null }, known: false };
  }

  async #apply(worker: WatchedWorker, desired: DesiredWorker, cause: FleetText): Promise<void> {
    await this.#deps.records.update(worker.id, desired);
    worker.setDesired(desired);
    this.#deps.emit({ type: 'worker.changed', workerId: worker.id, cause });
  }

  #watch(record: WorkerRecord, { known }: { known: boolean }): WatchedWorker {
    const { workers, createWorker, emit } = this.#deps;
    const worker = createWorker(record);
    workers.add(worker);
    const cause: FleetText = { code: 'worker.added', params: { source: record.spec.source } };
    emit({ type: 'worker.added', workerId: worker.id, cause, details: { known } });
    this.#joined.push(worker);
    this.#starting ??= this.#startJoined();
    return worker;
  }

  /** Starts watching in steps: querying a thousand workers at once would block everything for seconds. */
  async #startJoined(): Promise<void> {
    const { mayContact } = this.#deps;
    if (mayContact) await mayContact;
    const slice = startTimeSlice(this.#deps.clock, START_TURN_MS);
    for (let worker = this.#joined.shift(); worker; worker = this.#joined.shift()) {
      worker.start();
      await slice.yieldIfSpent();
    }
    this.#starting = null;
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(step);
    this.#turn = done.catch(() => undefined); // the caller gets the failure; the next change runs anyway
    return done;
  }
}
