import { ComfyHttp, type ComfySocket, type HttpTransport } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';
import { toError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { checkHealth } from './check-health.ts';
import type { CompiledFleetOptions } from './fleet-options.ts';
import { describeHealth, type HealthResult, type HealthState, nextHealthState } from './health-state.ts';
import type { Inventory } from './inventory.ts';
import { loadInventory } from './load-inventory.ts';
import type { WorkerDecisions, WorkerRecord, WorkerRecords } from './worker-records.ts';
import type { ConnectedWorker, WorkerChangeType, WorkerSnapshot } from './worker-snapshot.ts';
import { type CompiledWorkerSpec, overrideSpec } from './worker-spec.ts';
import { judgeState } from './worker-switches.ts';

export interface WatchDeps {
  records: WorkerRecords;
  clock: Clock;
  random: Random;
  logger: Logger;
  transport: HttpTransport;
  options: CompiledFleetOptions;
  openSocket: (url: string) => ComfySocket;
  onChange: (type: WorkerChangeType, cause: string) => void;
}

/** An inventory is not asked again sooner than this, however often the socket breaks. */
const INVENTORY_PAUSE_MS = 10_000;
/** `seen_at` in SQL may lag this far. */
const SEEN_PAUSE_MS = 60_000;

/** One worker under watch: a health check each period, one socket, the inventory asked on every return. */
export class WatchedWorker implements ConnectedWorker {
  readonly id: WorkerId;
  readonly http: ComfyHttp;
  readonly socket: ComfySocket;
  readonly #deps: WatchDeps;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #spec: CompiledWorkerSpec;
  #decisions: WorkerDecisions;
  #inventory: Inventory | null;
  #health: HealthState = { kind: 'unknown' };
  #latencyMs: number | null = null;
  #lastSeenMs: number | null;
  #seenSavedMs = Number.NEGATIVE_INFINITY;
  #checking: Promise<HealthResult> | null = null;
  #loading: Promise<void> | null = null;
  #inventoryWanted = true;
  #inventoryTriedMs = Number.NEGATIVE_INFINITY;
  #saving: Promise<void> | null = null;
  #queueRemaining = 0;
  #wake = new AbortController();
  #watching: Promise<void> | null = null;

  constructor(record: WorkerRecord, deps: WatchDeps) {
    this.id = record.id;
    this.#spec = overrideSpec(record.spec, record.overrides);
    this.#decisions = record;
    this.#inventory = record.inventory;
    this.#lastSeenMs = record.lastSeenMs;
    this.#deps = deps;
    this.#logger = deps.logger.child({ workerId: record.id, worker: record.spec.name });
    this.http = new ComfyHttp({ baseUrl: record.spec.url, transport: deps.transport });
    this.socket = deps.openSocket(record.spec.url);
  }

  get name(): string {
    return this.#spec.name;
  }

  get url(): string {
    return this.#spec.url;
  }

  /** The spec of its source, and what was decided at run time. */
  get decisions(): WorkerDecisions {
    return this.#decisions;
  }

  get inventory(): Inventory | null {
    return this.#inventory;
  }

  /** Begins to watch; once. */
  start(): void {
    this.#watching ??= this.#watch();
  }

  /** Ends checks and closes the socket; safe to call twice. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the worker is no longer watched'));
    this.#wake.abort(new Error('woken'));
    await this.socket.stop();
    await Promise.allSettled([this.#watching, this.#loading, this.#checking, this.#saving]);
  }

  setDecisions(decisions: WorkerDecisions): void {
    this.#decisions = decisions;
    this.#spec = overrideSpec(decisions.spec, decisions.overrides);
  }

  snapshot(): WorkerSnapshot {
    const { marker: _, ...spec } = this.#spec;
    const { health, state, reason } = this.#describe();
    const { switches } = this.#decisions;
    return {
      id: this.id,
      ...spec,
      state,
      health,
      reason,
      enabled: this.#isEnabled(),
      leaving: switches.leaving !== null,
      draining: switches.draining || switches.leaving !== null,
      inventory: this.#inventory,
      simulated: spec.source === 'simulated',
      lastSeenMs: this.#lastSeenMs,
      latencyMs: this.#latencyMs,
      socketState: toSocketState(this.socket),
      maxUploadBytes: this.#inventory?.maxUploadBytes ?? null,
    };
  }

  checkNow(): Promise<HealthResult> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  suspect(): void {
    this.#wake.abort(new Error('woken'));
  }

  /** What its owner saw: the process has ended. Counts at once, without waiting for checks to fail. */
  reportGone(reason: string): void {
    this.#apply({ kind: 'gone', reason });
  }

  refreshInventory(): Promise<void> {
    this.#loading ??= this.#loadInventory().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #watch(): Promise<void> {
    const signal = this.#stop.signal;
    this.#followSocket();
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const result = await this.checkNow();
      if (result.kind === 'ok') this.#refreshWhenWanted();
      await this.#pause(this.#nextDelayMs(result));
    }
  }

  #followSocket(): void {
    this.socket.onMessage((message) => {
      if (message.type === 'status') this.#queueRemaining = message.data.queue_remaining;
    });
    this.socket.onState((state) => {
      this.#deps.onChange('worker.changed', `socket ${state.phase}`);
      if (state.phase === 'open') {
        // It may be another process than before: with other files, or freshly returned.
        this.#inventoryWanted = true;
        if (this.#health.kind !== 'online') this.suspect();
      }
      // What it had to do stays in mind: a blocked Python drops the socket too, and is given more time while busy.
      if (state.phase === 'waiting' && this.#health.kind === 'online') this.suspect();
    });
    this.socket.start();
  }

  async #check(): Promise<HealthResult> {
    const { clock, transport, options } = this.#deps;
    const { signal } = this.#stop;
    const timeoutMs = this.#isBusy() ? options.busyTimeoutMs : options.idleTimeoutMs;
    const { versionFloor } = options;
    const { url, marker } = this.#spec;
    const result = await checkHealth({ transport, clock, url, timeoutMs, versionFloor, marker, signal });
    if (!signal.aborted) this.#apply(result);
    return result;
  }

  #apply(result: HealthResult): void {
    const { clock, options } = this.#deps;
    const before = this.#describe();
    const event = { result, atMs: clock.monotonicMs(), busy: this.#isBusy() };
    this.#health = nextHealthState(this.#health, event, options.rules);
    if (result.kind === 'ok') {
      this.#latencyMs = result.latencyMs;
      this.#lastSeenMs = clock.nowMs();
      this.#saveSeen(SEEN_PAUSE_MS);
    }
    const after = this.#describe();
    if (before.health !== after.health) this.#announce(before.health, describeHealth(result));
  }

  #announce(before: HealthState['kind'], cause: string): void {
    const now = this.#health.kind;
    if (now === 'online') {
      this.#inventoryWanted = true;
      this.#logger.info('worker.online', { cause });
      this.#deps.onChange('worker.online', cause);
      return;
    }
    this.#saveSeen(0);
    this.#logger.warn('worker.offline', { state: now, cause });
    // From unknown or between two ways of being down: a change, but nobody lost it now.
    this.#deps.onChange(before === 'online' ? 'worker.offline' : 'worker.changed', cause);
  }

  #refreshWhenWanted(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (!this.#inventoryWanted || nowMs - this.#inventoryTriedMs < INVENTORY_PAUSE_MS) return;
    this.refreshInventory().catch((thrown: unknown) => {
      if (this.#stop.signal.aborted) return;
      this.#logger.warn('worker.inventory_failed', { error: toError(thrown).message });
    });
  }

  async #loadInventory(): Promise<void> {
    const { clock, transport, records, onChange } = this.#deps;
    const startedMs = clock.monotonicMs();
    this.#inventoryTriedMs = startedMs;
    this.#inventoryWanted = false;
    try {
      const loaded = await loadInventory({ http: this.http, transport, clock, signal: this.#stop.signal });
      this.#inventory = await records.saveInventory(this.id, loaded);
    } catch (thrown) {
      this.#inventoryWanted = true;
      throw thrown;
    }
    const { version, classTypes } = this.#inventory;
    const durationMs = clock.monotonicMs() - startedMs;
    this.#logger.info('worker.inventory', { version, classes: classTypes.size, durationMs });
    onChange('worker.inventory', `ComfyUI ${version} with ${classTypes.size} node classes`);
  }

  #saveSeen(pauseMs: number): void {
    const { clock, records } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (this.#lastSeenMs === null || nowMs - this.#seenSavedMs < pauseMs) return;
    this.#seenSavedMs = nowMs;
    this.#saving = records.setSeen(this.id, this.#lastSeenMs).catch((thrown: unknown) => {
      this.#logger.warn('worker.seen_not_saved', { error: toError(thrown).message });
    });
  }

  /** Slow while it is well or long gone, quick while the next answers decide. */
  #nextDelayMs(result: HealthResult): number {
    const { healthPeriodMs, recheckMs } = this.#deps.options;
    const undecided = result.kind === 'ok' ? this.#health.kind !== 'online' : this.#health.kind === 'online';
    const jitter = 0.9 + 0.2 * this.#deps.random.fraction();
    return (undecided ? recheckMs : healthPeriodMs) * jitter;
  }

  async #pause(delayMs: number): Promise<void> {
    try {
      await this.#deps.clock.sleep(delayMs, this.#wake.signal);
    } catch {
      // woken: by a hint, or to end
    }
  }

  #isBusy(): boolean {
    return this.#queueRemaining > 0;
  }

  #isEnabled(): boolean {
    return this.#decisions.switches.enabled ?? this.#spec.enabled;
  }

  #describe(): { health: HealthState['kind']; state: WorkerSnapshot['state']; reason: string | null } {
    const health = this.#health.kind;
    const reason = health === 'offline' || health === 'error' ? this.#health.reason : null;
    const judged = { health, reason: health === 'unknown' ? 'not asked yet' : reason };
    return { health, ...judgeState(judged, this.#decisions.switches, this.#isEnabled()) };
  }
}

function toSocketState(socket: ComfySocket): WorkerSnapshot['socketState'] {
  const { phase } = socket.state;
  if (phase === 'open') return 'connected';
  return phase === 'stopped' || phase === 'idle' ? 'closed' : 'connecting';
}
