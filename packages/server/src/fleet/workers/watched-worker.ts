import { ComfyHttp, type ComfySocket, type HttpTransport } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';
import { toError } from '../../platform/errors/app-error.ts';
import type { Gate } from '../../platform/lifecycle/gate.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import type { CompiledFleetOptions } from './fleet-options.ts';
import { checkHealth } from './health/check-health.ts';
import { ConditionKeeper } from './health/condition-keeper.ts';
import type { HealthResult } from './health/health-result.ts';
import type { Latency } from './health/latency.ts';
import { ProgressProbe } from './health/progress-probe.ts';
import { adviseRecovery } from './health/recovery-advice.ts';
import type { ConditionChange, WorkerCondition } from './health/worker-condition.ts';
import { IdentityGuard } from './identity/identity-guard.ts';
import type { WorkerIdentities } from './identity/worker-identities.ts';
import { readVramFree } from './inventory/inventory.ts';
import { InventoryKeeper } from './inventory/inventory-keeper.ts';
import type { SharedInventories } from './inventory/shared-inventories.ts';
import { watchTransport } from './watch-transport.ts';
import type { WorkerDecisions, WorkerRecord, WorkerRecords } from './worker-records.ts';
import type {
  ChangeFacts,
  ConnectedWorker,
  FleetState,
  HealthKind,
  WorkerChangeType,
  WorkerSnapshot,
} from './worker-snapshot.ts';
import { type CompiledWorkerSpec, overrideSpec } from './worker-spec.ts';
import { judgeState } from './worker-switches.ts';

export interface WatchDeps {
  records: WorkerRecords;
  identities: WorkerIdentities;
  shared: SharedInventories;
  inventoryGate: Gate;
  clock: Clock;
  random: Random;
  logger: Logger;
  transport: HttpTransport;
  options: CompiledFleetOptions;
  openSocket: (url: string) => ComfySocket;
  onChange: (type: WorkerChangeType, cause: string, facts?: ChangeFacts) => void;
  /** What the rest of the fleet says: the last online worker is never ejected, and slow is a comparison. */
  fleet: { hasOtherOnline(id: WorkerId): boolean; isSlow(id: WorkerId, own: Latency): boolean };
  /** Asks the owner of the process for a restart. */
  askRestart: (reason: string) => void;
}

/** `seen_at` in SQL may lag this far. */
const SEEN_PAUSE_MS = 60_000;

/** One worker under watch: a health check each period, one socket, and what both teach about it. */
export class WatchedWorker implements ConnectedWorker {
  readonly id: WorkerId;
  readonly http: ComfyHttp;
  readonly socket: ComfySocket;
  readonly #deps: WatchDeps;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #inventory: InventoryKeeper;
  readonly #guard: IdentityGuard;
  readonly #progress: ProgressProbe;
  readonly #keeper: ConditionKeeper;
  #spec: CompiledWorkerSpec;
  #decisions: WorkerDecisions;
  #devices: Record<string, unknown>[] | null = null;
  #lastSeenMs: number | null;
  #seenSavedMs = Number.NEGATIVE_INFINITY;
  #checking: Promise<HealthResult> | null = null;
  #saidSlots = 0;
  #saving: Promise<void> | null = null;
  #wake = new AbortController();
  #watching: Promise<void> | null = null;

  constructor(record: WorkerRecord, deps: WatchDeps) {
    const { clock, random, records, identities, shared, options } = deps;
    const { url, name } = record.spec;
    this.id = record.id;
    this.#spec = overrideSpec(record.spec, record.overrides);
    this.#decisions = record;
    this.#lastSeenMs = record.lastSeenMs;
    this.#deps = deps;
    this.#logger = deps.logger.child({ workerId: record.id, worker: name });
    const transport = watchTransport(deps.transport, () => this.suspect());
    this.http = new ComfyHttp({ baseUrl: url, transport });
    this.socket = deps.openSocket(url);
    this.#guard = new IdentityGuard({ workerId: record.id, url, identities, logger: this.#logger });
    this.#progress = new ProgressProbe({ clock, http: this.http, limitMs: options.rules.health.busyLimitMs });
    this.#keeper = new ConditionKeeper({
      clock,
      options,
      look: () => ({
        isBusy: this.#progress.isBusy,
        isOurs: this.#spec.marker !== null,
        hasOtherOnline: () => deps.fleet.hasOtherOnline(this.id),
        isSlow: (own) => deps.fleet.isSlow(this.id, own),
      }),
      onChange: (change) => this.#announce(change),
    });
    this.#inventory = new InventoryKeeper(
      {
        workerId: record.id,
        http: this.http,
        transport,
        clock,
        random,
        logger: this.#logger,
        records,
        shared,
        gate: deps.inventoryGate,
        periodMs: options.inventoryPeriodMs,
        signal: this.#stop.signal,
        onChange: ({ version, classTypes }, durationMs) => {
          this.#logger.info('worker.inventory', { version, classes: classTypes.size, durationMs });
          const cause = `ComfyUI ${version} with ${classTypes.size} node classes`;
          deps.onChange('worker.inventory', cause, { durationMs });
        },
      },
      record.inventory,
    );
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

  get inventory(): WorkerSnapshot['inventory'] {
    return this.#inventory.inventory;
  }

  get condition(): WorkerCondition {
    return this.#keeper.condition;
  }

  /** In service: it answers well, and nobody took it out. */
  get isOnline(): boolean {
    return this.#describe().state === 'online';
  }

  /** Begins to watch; once. */
  start(): void {
    this.#watching ??= this.#watch();
  }

  /** Ends checks and closes the socket; safe to call twice. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the worker is no longer watched'));
    this.#wakeUp();
    await this.socket.stop();
    await Promise.allSettled([this.#watching, this.#inventory.settle(), this.#checking, this.#saving]);
  }

  setDecisions(decisions: WorkerDecisions): void {
    this.#decisions = decisions;
    this.#spec = overrideSpec(decisions.spec, decisions.overrides);
  }

  snapshot(): WorkerSnapshot {
    const { marker: _, ...spec } = this.#spec;
    const { switches } = this.#decisions;
    const inventory = this.#inventory.inventory;
    const devices = this.#devices ?? inventory?.devices ?? [];
    return {
      id: this.id,
      ...spec,
      ...this.#describe(),
      slots: this.#slots,
      enabled: this.#isEnabled(),
      leaving: switches.leaving !== null,
      draining: switches.draining || switches.leaving !== null,
      inventory,
      simulated: spec.source === 'simulated',
      lastSeenMs: this.#lastSeenMs,
      latencyMs: this.#keeper.condition.latency?.ms ?? null,
      devices,
      vramFreeBytes: readVramFree(devices),
      recovery: this.#keeper.describeRecovery(),
      socketState: toSocketState(this.socket),
      maxUploadBytes: inventory?.maxUploadBytes ?? null,
    };
  }

  checkNow(): Promise<HealthResult> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  suspect(): void {
    if (this.#stop.signal.aborted) return;
    const isUrgent = this.#keeper.suspect();
    this.#announceSlots();
    if (isUrgent) this.#wakeUp();
  }

  /** What its owner saw: the process has ended. Counts at once, without waiting for checks to fail. */
  reportGone(reason: string): void {
    this.#keeper.apply({ kind: 'gone', reason });
  }

  /** The server that answers next is the right one. Answers what the check then found. */
  async acceptIdentity(): Promise<HealthResult> {
    await this.#guard.forget();
    await this.#checking; // it may still have judged by the former one
    return this.checkNow();
  }

  refreshInventory(): Promise<void> {
    return this.#inventory.refresh();
  }

  /** A hint that the next answer may differ: looks now instead of at the end of the pause. */
  lookAgain(): void {
    this.#wakeUp();
  }

  async #watch(): Promise<void> {
    const signal = this.#stop.signal;
    this.#followSocket();
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const result = await this.checkNow();
      if (result.kind === 'ok') this.#inventory.refreshWhenDue({ isBusy: this.#progress.isBusy });
      await this.#pause(this.#nextDelayMs(result));
    }
  }

  #followSocket(): void {
    this.#progress.follow(this.socket);
    this.socket.onProblem(({ kind, message }) => {
      if (kind === 'deaf' || kind === 'ping_timeout') this.#deps.onChange('worker.socket', message);
    });
    this.socket.onState((state) => {
      this.#deps.onChange('worker.changed', `socket ${state.phase}`);
      const { isOnline } = this.#keeper;
      if (state.phase === 'open') {
        this.#inventory.want();
        if (!isOnline) this.#wakeUp();
      }
      // What it had to do stays in mind: a blocked Python drops the socket too, and is given more time while busy.
      if (state.phase === 'waiting' && isOnline) this.suspect();
    });
    this.socket.start();
  }

  async #check(): Promise<HealthResult> {
    const { signal } = this.#stop;
    const before = this.#keeper.condition.recovery?.problem.kind;
    const result = await this.#keeper.check(() => this.#look(signal), signal);
    if (signal.aborted) return result;
    if (result.kind === 'ok') this.#noteSeen();
    if (result.kind === 'other_server' && before !== 'other_server') {
      const { differences } = result;
      const cause = 'another ComfyUI than before answers';
      this.#deps.onChange('worker.identity', cause, { details: { differences } });
    }
    this.#announceSlots();
    return result;
  }

  /** Does it answer, is it the same server as ever, and does it run what it has? */
  async #look(signal: AbortSignal): Promise<HealthResult> {
    const { clock, transport, options } = this.#deps;
    const { versionFloor } = options;
    const { url, marker } = this.#spec;
    const timeoutMs = this.#progress.isBusy ? options.busyTimeoutMs : options.idleTimeoutMs;
    const reading = await checkHealth({ transport, clock, url, timeoutMs, versionFloor, marker, signal });
    if (reading.stats === null) return reading.result;
    this.#devices = reading.stats.devices;
    // The mark in the command line of our own says more than its folders.
    const stranger = marker === null ? await this.#guard.judge(reading.stats.argv) : null;
    return stranger ?? (await this.#progress.look(signal)) ?? reading.result;
  }

  #noteSeen(): void {
    this.#lastSeenMs = this.#deps.clock.nowMs();
    this.#saveSeen(SEEN_PAUSE_MS);
  }

  #announce(change: ConditionChange): void {
    const { onChange, askRestart } = this.#deps;
    switch (change.type) {
      case 'online': {
        const { cause, downMs } = change;
        this.#inventory.want();
        this.#logger.info('worker.online', { cause, downMs });
        onChange('worker.online', cause, downMs === null ? {} : { durationMs: downMs });
        break;
      }
      case 'offline':
      case 'error':
      case 'ejected':
        this.#saveSeen(0);
        this.#logger.warn(`worker.${change.type}`, { cause: change.cause });
        onChange(`worker.${change.type}`, change.cause);
        break;
      case 'recovery': {
        const { phase } = change.recovery;
        this.#logger.warn('worker.recovery', { phase });
        onChange('worker.recovery', adviseRecovery(change.recovery).en, { details: { phase } });
        break;
      }
      case 'restart_wanted':
        askRestart(change.cause);
        break;
    }
  }

  /** Placement looks again when there is more room, and pages show when there is less. */
  #announceSlots(): void {
    const slots = this.#slots;
    if (slots === this.#saidSlots) return;
    this.#saidSlots = slots;
    this.#deps.onChange('worker.changed', slots === 0 ? 'takes nothing new' : `takes up to ${slots} prompts`);
  }

  get #slots(): number {
    return this.isOnline ? this.#keeper.countSlots(this.#spec.maxConcurrent) : 0;
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

  #nextDelayMs(result: HealthResult): number {
    const { recheckMs } = this.#deps.options;
    const jitter = 0.9 + 0.2 * this.#deps.random.fraction();
    if (this.#progress.isUndecided) return recheckMs * jitter;
    const delayMs = this.#keeper.findDelay(result) * jitter;
    const { lookInMs } = this.#progress;
    if (lookInMs === null || !this.#keeper.isOnline) return delayMs;
    return Math.min(delayMs, Math.max(lookInMs, recheckMs));
  }

  async #pause(delayMs: number): Promise<void> {
    try {
      await this.#deps.clock.sleep(delayMs, this.#wake.signal);
    } catch {
      // woken: by a hint, or to end
    }
  }

  #wakeUp(): void {
    this.#wake.abort(new Error('woken'));
  }

  #isEnabled(): boolean {
    return this.#decisions.switches.enabled ?? this.#spec.enabled;
  }

  #describe(): { health: HealthKind; state: FleetState; reason: string | null } {
    const { health } = this.#keeper.condition;
    const kind = health.kind === 'ejected' ? 'offline' : health.kind;
    const reason = health.kind === 'unknown' ? 'not asked yet' : 'reason' in health ? health.reason : null;
    const judged = { health: kind, reason };
    return { health: kind, ...judgeState(judged, this.#decisions.switches, this.#isEnabled()) };
  }
}

function toSocketState(socket: ComfySocket): WorkerSnapshot['socketState'] {
  const { phase } = socket.state;
  if (phase === 'open') return 'connected';
  return phase === 'stopped' || phase === 'idle' ? 'closed' : 'connecting';
}
