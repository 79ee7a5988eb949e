import { isDeepStrictEqual } from 'node:util';
import type { ComfyHttp, ComfySocket } from '@comfleet/comfyui';
import { plainText, type WorkerId } from '@comfleet/contract';
import { type FleetReason, type FleetText, toFleetSentence } from '@comfleet/contract/texts/fleet';
import type { Logger } from '../../../platform/logging/logger.ts';
import { CheckLoop } from '../health/check-loop.ts';
import type { HealthResult } from '../health/health-result.ts';
import { reportCondition } from '../health/report-condition.ts';
import type { ConditionChange, WorkerCondition } from '../health/worker-condition.ts';
import type { DesiredWorker, WorkerRecord } from '../records/worker-records.ts';
import type { WorkerAccess } from '../worker-access.ts';
import type { ConnectedWorker, WorkerSnapshot } from '../worker-snapshot.ts';
import { type CompiledWorkerSpec, overrideSpec } from '../worker-spec.ts';
import {
  describeState,
  findFreeSlots,
  type TwinFacts,
  toWorkerSnapshot,
  type WorkerFacts,
} from './describe-worker.ts';
import { createWatchParts, type WatchDeps, type WatchParts } from './watch-parts.ts';

/** One watched worker: periodic health checks, one socket, and its state by both. */
export class WatchedWorker implements ConnectedWorker {
  readonly id: WorkerId;
  readonly http: ComfyHttp;
  readonly socket: ComfySocket;
  readonly #deps: WatchDeps;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  readonly #parts: WatchParts;
  readonly #loop: CheckLoop;
  #spec: CompiledWorkerSpec;
  #desired: DesiredWorker;
  #checking: Promise<HealthResult> | null = null;
  #announcedSlots = 0;
  /** The last check got a good answer. */
  #isAnswering = false;
  /** Why the socket cannot be opened although HTTP works; null while it can. Reported once. */
  #socketFault: string | null = null;
  #announcedTwin: string | null = null;

  constructor(record: WorkerRecord, deps: WatchDeps) {
    this.id = record.id;
    this.#spec = overrideSpec(record.spec, record.overrides.settings);
    this.#desired = record;
    this.#logger = deps.logger.child({ workerId: record.id, worker: record.spec.name });
    this.#deps = { ...deps, logger: this.#logger };
    this.#parts = createWatchParts(record, this.#deps, {
      markSuspect: () => this.markSuspect(),
      isOurs: () => this.#spec.marker !== null,
      access: () => this.#spec,
      onCondition: (change) => this.#report(change),
      signal: this.#stop.signal,
    });
    this.http = this.#parts.http;
    this.socket = this.#parts.socket;
    const step = () => this.#checkAndPlan();
    this.#loop = new CheckLoop({ clock: deps.clock, step, signal: this.#stop.signal });
  }

  get name(): string {
    return this.#spec.name;
  }

  get url(): string {
    return this.#spec.url;
  }

  /** The spec of its source, and the overrides of run time. */
  get desired(): DesiredWorker {
    return this.#desired;
  }

  get isLeaving(): boolean {
    return this.#desired.overrides.leaving !== null;
  }

  get inventory(): WorkerSnapshot['inventory'] {
    return this.#parts.inventory.inventory;
  }

  get condition(): WorkerCondition {
    return this.#parts.health.condition;
  }

  /** True unless an admin's decision keeps it from getting tasks: it may represent its other addresses. */
  get mayStandFirst(): boolean {
    const { overrides } = this.#desired;
    return overrides.leaving === null && (overrides.enabled ?? this.#spec.enabled);
  }

  /** True while it is in service: healthy, and not taken out by an admin. */
  get isOnline(): boolean {
    const { overrides } = this.#desired;
    const facts = { condition: this.condition, spec: this.#spec, overrides, twin: this.#twin };
    return describeState(facts).state === 'online';
  }

  /** Starts watching; call it once. */
  start(): void {
    if (this.#stop.signal.aborted) return;
    this.#followSocket();
    this.#loop.start();
  }

  /** Ends checks and closes the socket; safe to call twice. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the worker is no longer watched'));
    this.#deps.twins.leave(this.id);
    this.#loop.wake();
    await this.socket.stop();
    await Promise.allSettled([
      this.#loop.settle(),
      this.#parts.inventory.settle(),
      this.#checking,
      this.#parts.seen.settle(),
    ]);
  }

  setDesired(desired: DesiredWorker): void {
    const before = this.#spec;
    this.#desired = desired;
    this.#spec = overrideSpec(desired.spec, desired.overrides.settings);
    this.#deps.twins.review(this.id);
    if (isSameAccess(before, this.#spec)) return;
    // An open socket stays open; what was refused is retried at once with the new login.
    if (!this.#parts.health.isOnline) this.#loop.wake();
    this.socket.retryNow();
  }

  snapshot(): WorkerSnapshot {
    return toWorkerSnapshot(this.#facts);
  }

  checkNow(): Promise<HealthResult> {
    this.#checking ??= this.#checkOnce().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  markSuspect(): void {
    if (this.#stop.signal.aborted) return;
    const isUrgent = this.#parts.health.markSuspect();
    this.#announceSlots();
    if (isUrgent) this.#loop.wake();
  }

  recordServed(): void {
    this.#parts.health.recordServed();
    this.#announceSlots();
  }

  /** Its owner saw the process end. That takes effect at once, without failed checks. */
  reportGone(reason: FleetReason): void {
    this.#parts.health.apply({ kind: 'gone', reason });
  }

  /** Accepts the server that answers next. Returns the result of a check. */
  async acceptIdentity(): Promise<HealthResult> {
    await this.#parts.guard.forget();
    await this.#checking; // it may still have checked against the former one
    return this.checkNow();
  }

  refreshInventory(): Promise<void> {
    return this.#parts.inventory.refresh();
  }

  /** Checks now instead of after the delay, because the answer may differ. */
  recheckSoon(): void {
    this.#loop.wake();
  }

  /** Runs one check and returns the delay until the next. */
  async #checkAndPlan(): Promise<number> {
    const result = await this.checkNow();
    if (result.kind === 'ok') this.#parts.inventory.refreshWhenDue({ isBusy: this.#parts.progress.isBusy });
    return this.#nextDelayMs(result);
  }

  #followSocket(): void {
    this.#parts.progress.follow(this.socket);
    const report = (cause: FleetText) => this.#deps.onChange('worker.socket', cause);
    this.socket.onProblem(({ kind, message }) => {
      if (kind === 'deaf' || kind === 'ping_timeout') report(plainText(`worker.socket_${kind}`));
      // A proxy that does not pass upgrades on, most likely.
      if (kind !== 'connection_failed' || !this.#isAnswering || message === this.#socketFault) return;
      this.#socketFault = message;
      report({ code: 'worker.socket_refused', params: { problem: message } });
    });
    this.socket.onState((state) => {
      this.#deps.onChange('worker.changed', { code: 'worker.socket', params: { phase: state.phase } });
      const { isOnline } = this.#parts.health;
      if (state.phase === 'open') {
        this.#socketFault = null;
        this.#parts.inventory.want();
        if (!isOnline) this.#loop.wake();
      }
      // It still counts as busy: a blocked Python drops the socket too, and gets more time.
      if (state.phase === 'waiting' && isOnline) this.markSuspect();
    });
    this.socket.start();
  }

  async #checkOnce(): Promise<HealthResult> {
    const { signal } = this.#stop;
    const before = this.#parts.health.condition.recovery?.problem.kind;
    const result = await this.#parts.health.check(() => this.#checkServer(signal), signal);
    if (signal.aborted) return result;
    if (result.kind === 'ok') {
      this.#parts.seen.record();
      if (!this.#isAnswering) this.socket.retryNow();
    }
    this.#isAnswering = result.kind === 'ok';
    if (result.kind === 'other_server' && before !== 'other_server') {
      const { differences } = result;
      const details = { differences: differences.map(toFleetSentence) };
      this.#deps.onChange('worker.identity', plainText('worker.other_server'), { details });
    }
    this.#announceSlots();
    return result;
  }

  /** Checks the server; before it counts as online, it is compared with workers that look alike. */
  async #checkServer(signal: AbortSignal): Promise<HealthResult> {
    const result = await this.#parts.check.run(this.#spec, signal);
    const { appearance } = this.#parts.check;
    if (result.kind === 'ok' && appearance !== null && !signal.aborted)
      this.#deps.twins.arrive({ id: this.id, http: this.#parts.quietHttp }, appearance);
    return result;
  }

  #report(change: ConditionChange): void {
    const { onChange, requestRestart } = this.#deps;
    if (change.type === 'online') this.#parts.inventory.want();
    if (change.type === 'offline' || change.type === 'error' || change.type === 'ejected')
      this.#parts.seen.save();
    if (change.type === 'offline' || change.type === 'error') this.#deps.twins.leave(this.id);
    reportCondition(change, { logger: this.#logger, onChange, requestRestart });
  }

  /** What is known about its other addresses has changed. */
  reviewTwins(): void {
    const { sameAs } = this.#twin;
    if (sameAs !== this.#announcedTwin) {
      this.#announcedTwin = sameAs;
      const cause: FleetText =
        sameAs === null
          ? plainText('worker.stands_alone')
          : { code: 'worker.same_as', params: { name: sameAs } };
      this.#deps.onChange('worker.changed', cause);
    }
    this.#announceSlots();
  }

  /** Reports changed slots: placement can use more, and pages show fewer. */
  #announceSlots(): void {
    const slots = findFreeSlots(this.#facts);
    if (slots === this.#announcedSlots) return;
    this.#announcedSlots = slots;
    const cause: FleetText =
      slots === 0 ? plainText('worker.no_slots') : { code: 'worker.slots', params: { slots } };
    this.#deps.onChange('worker.changed', cause);
  }

  get #facts(): WorkerFacts {
    return {
      id: this.id,
      spec: this.#spec,
      overrides: this.#desired.overrides,
      health: this.#parts.health,
      inventory: this.inventory,
      devices: this.#parts.check.devices,
      lastSeenMs: this.#parts.seen.atMs,
      socket: this.socket,
      twin: this.#twin,
    };
  }

  get #twin(): TwinFacts {
    const { twins, nameOf } = this.#deps;
    const first = twins.findFirst(this.id);
    return { sameAs: first && nameOf(first), isUndecided: twins.isUndecided(this.id) };
  }

  #nextDelayMs(result: HealthResult): number {
    const { recheckMs } = this.#deps.options;
    const jitter = 0.9 + 0.2 * this.#deps.random.fraction();
    if (this.#parts.progress.isUndecided) return recheckMs * jitter;
    const isAway = this.#parts.health.condition.recovery !== null;
    const leastMs = isAway ? this.#deps.comparison.leastAwayMs : 0;
    const delayMs = Math.max(this.#parts.health.findDelay(result), leastMs) * jitter;
    const { dueInMs } = this.#parts.progress;
    if (dueInMs === null || !this.#parts.health.isOnline) return delayMs;
    return Math.min(delayMs, Math.max(dueInMs, recheckMs));
  }
}

function isSameAccess(a: WorkerAccess, b: WorkerAccess): boolean {
  return isDeepStrictEqual([a.auth, a.headers, a.tls], [b.auth, b.headers, b.tls]);
}
