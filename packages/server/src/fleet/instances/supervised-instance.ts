import type { HttpTransport } from '@comfleet/comfyui';
import type { InstanceId, WorkerId } from '@comfleet/contract';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { readLogTail } from '../../platform/process/capped-log.ts';
import { endProcess } from '../../platform/process/end-process.ts';
import type { RunningProcess } from '../../platform/process/running-process.ts';
import type { Random } from '../../platform/time/clock.ts';
import type { WorkerRegistry } from '../workers/registry.ts';
import { toWorkerUrl } from '../workers/worker-spec.ts';
import { awaitReady } from './await-ready.ts';
import type { CompiledInstancesOptions } from './instance-options.ts';
import { InstanceProcess, type ProcessDeps } from './instance-process.ts';
import type { InstanceRecord } from './instance-records.ts';
import type { CheckedInstanceSpec } from './instance-spec.ts';
import { describeExit, type InstanceEvent, type InstanceState, nextInstanceState } from './instance-state.ts';
import { sweepMarked } from './own-process.ts';

export interface SuperviseDeps extends ProcessDeps {
  random: Random;
  transport: HttpTransport;
  registry: WorkerRegistry;
  onChange: (snapshot: InstanceSnapshot) => void;
}

/** What to run and how. */
export interface SupervisePlan {
  record: InstanceRecord;
  spec: CheckedInstanceSpec;
  options: CompiledInstancesOptions;
}

/** One instance as pages see it; a copy. */
export interface InstanceSnapshot {
  readonly id: InstanceId;
  readonly name: string;
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  readonly pid: number | null;
  readonly state: InstanceState['kind'];
  /** Why it is not running. */
  readonly reason: string | null;
  /** Until the next start by itself. */
  readonly retryInMs: number | null;
  readonly workerId: WorkerId | null;
  /** Starts by itself since the instance exists. */
  readonly restarts: number;
  readonly adopted: boolean;
  readonly logPath: string;
}

const REASON_LINES = 15;

/** One ComfyUI process kept running: spawned or adopted, waited for, registered as a worker, started again after its end. */
export class SupervisedInstance {
  readonly #deps: SuperviseDeps;
  readonly #options: CompiledInstancesOptions;
  readonly #spec: CheckedInstanceSpec;
  readonly #process: InstanceProcess;
  readonly #logger: Logger;
  readonly #watchers = new Set<() => void>();
  readonly #leaving = new AbortController();
  #record: InstanceRecord;
  #state: InstanceState = { kind: 'stopped', reason: null, starts: [] };
  #running: RunningProcess | null = null;
  #graceMs: number;
  /** Why we end the process of a running instance, so that its end is told in these words. */
  #endingFor: string | null = null;
  #wake = new AbortController();
  #isLiving = false;
  #life: Promise<void> = Promise.resolve();

  constructor({ record, spec, options }: SupervisePlan, deps: SuperviseDeps) {
    this.#record = record;
    this.#spec = spec;
    this.#options = options;
    this.#deps = deps;
    this.#graceMs = options.stopGraceMs;
    this.#logger = deps.logger.child({ instanceId: record.id, instance: spec.name });
    this.#process = new InstanceProcess(spec, options, deps);
  }

  get logPath(): string {
    return this.#process.logPath;
  }

  /** Notes that the process answered when its worker was last looked at (PS15). */
  async beat(): Promise<void> {
    const { registry, records } = this.#deps;
    const { workerId } = this.#record;
    if (workerId === null || registry.find(workerId)?.snapshot().state !== 'online') return;
    await this.#save({ heartbeat_at: records.nowMs() });
  }

  snapshot(): InstanceSnapshot {
    const { id, name, folder, port, workerId, restarts } = this.#record;
    const state = this.#state;
    const isResting = state.kind === 'waiting' || state.kind === 'crash_looping';
    return {
      id,
      name,
      folder,
      url: toWorkerUrl(this.#spec.listen, port),
      port,
      pid: this.#running?.pid ?? null,
      state: state.kind,
      reason: 'reason' in state ? state.reason : null,
      retryInMs: isResting ? Math.max(0, state.retryAtMs - this.#deps.clock.monotonicMs()) : null,
      workerId,
      restarts,
      adopted: this.#running?.adopted ?? false,
      logPath: this.logPath,
    };
  }

  /** Looks for a living process of an earlier run, then starts. A second call changes nothing. */
  async open(): Promise<void> {
    const found = await this.#process.findAgain(this.#record, this.#leaving.signal);
    if (found === null) return this.start();
    this.#running = found;
    this.#logger.info('instance.adopted', { pid: found.pid, port: this.#record.port });
    await this.#apply({ type: 'adopted', atMs: this.#deps.clock.monotonicMs() });
    this.#live();
  }

  /** Runs it, now: also out of a back-off or a crash loop. During a stop it starts again afterwards. */
  async start(): Promise<void> {
    const atMs = this.#deps.clock.monotonicMs();
    const isStopping = this.#state.kind === 'stopping';
    await this.#apply(
      isStopping ? { type: 'stop_asked', thenStart: true } : { type: 'started', atMs, asked: true },
    );
    this.#live();
  }

  /** Ends the process and waits for its exit; safe to call twice. */
  async stop(): Promise<void> {
    await this.#apply({ type: 'stop_asked', thenStart: false });
    await this.#until(() => this.#state.kind === 'stopped');
  }

  /** Ends the process and starts a new one. */
  async restart(): Promise<void> {
    if (this.#running === null) return this.start();
    const old = this.#running;
    await this.#apply({ type: 'stop_asked', thenStart: true });
    await this.#until(() => this.#running !== old);
  }

  /** Ends a process that hangs. To the restart policy it is a crash: waited for, counted, limited. Answers what is done. */
  endHung(reason: string): string {
    const state = this.#state;
    if (state.kind !== 'ready' || this.#running === null) return `its supervisor is at it (${state.kind})`;
    if (this.#endingFor !== null) return 'it is being ended already';
    if (this.#deps.clock.monotonicMs() - state.sinceMs < this.#options.settleMs)
      return 'it was started just now';
    this.#endingFor = reason;
    this.#logger.warn('instance.hung', { pid: this.#running.pid, reason });
    // It answers nothing: there is no use in waiting long for a polite end.
    this.#end(this.#running, Math.min(this.#graceMs, this.#options.shutdownGraceMs)).catch(
      (thrown: unknown) => {
        this.#endingFor = null;
        this.#logger.error('instance.end_failed', { error: toError(thrown).message });
      },
    );
    return 'it is being restarted';
  }

  /** Resolves when it answers. Rejects with INSTANCE_START_FAILED once this start has failed. */
  async whenReady(): Promise<InstanceSnapshot> {
    await this.#until(() => this.#state.kind !== 'starting' && this.#state.kind !== 'stopping');
    const snapshot = this.snapshot();
    if (snapshot.state === 'ready') return snapshot;
    const { name, reason } = snapshot;
    throw new AppError('INSTANCE_START_FAILED', { instance: name, reason, log: await this.#tail() });
  }

  /** For our own end: stops quickly, or lets the process go on to be adopted later. */
  async close(): Promise<void> {
    this.#graceMs = this.#options.shutdownGraceMs;
    if (this.#options.onShutdown === 'stop') await this.stop();
    this.#leaving.abort(new Error('closing'));
    this.#wake.abort();
    await this.#life;
  }

  #live(): void {
    if (this.#isLiving) return;
    this.#isLiving = true;
    this.#life = this.#runLoop();
  }

  async #runLoop(): Promise<void> {
    while (this.#state.kind !== 'stopped' && !this.#leaving.signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#step();
      } catch (thrown) {
        this.#logger.error('instance.step_failed', { error: toError(thrown).message });
        await this.#pause(1_000);
      }
    }
    this.#isLiving = false;
  }

  async #step(): Promise<void> {
    const state = this.#state;
    switch (state.kind) {
      case 'stopped':
        return;
      case 'starting':
        return this.#bringUp();
      case 'ready':
        return this.#watch();
      case 'stopping':
        return this.#bringDown();
      case 'waiting':
      case 'crash_looping': {
        await this.#pause(state.retryAtMs - this.#deps.clock.monotonicMs());
        const atMs = this.#deps.clock.monotonicMs();
        if (this.#state === state && atMs >= state.retryAtMs && !this.#leaving.signal.aborted) {
          this.#record = { ...this.#record, restarts: this.#record.restarts + 1 };
          await this.#apply({ type: 'started', atMs, asked: false });
        }
      }
    }
  }

  async #bringUp(): Promise<void> {
    try {
      this.#running ??= await this.#spawn();
    } catch (thrown) {
      const error = toError(thrown);
      const why = error instanceof AppError ? JSON.stringify(error.details) : error.message;
      return this.#ended(`could not be started: ${why}`);
    }
    const running = this.#running;
    const isReady = await this.#awaitReady(running);
    if (this.#state.kind !== 'starting' || this.#leaving.signal.aborted) return;
    if (isReady === 'ended') return this.#ended(describeExit(await running.exited));
    if (isReady === 'silent') {
      await this.#end(running);
      return this.#ended(`did not answer within ${this.#options.startupTimeoutMs / 1000} s and was ended`);
    }
    await this.#register();
    await this.#apply({ type: 'answered', atMs: this.#deps.clock.monotonicMs() });
  }

  async #spawn(): Promise<RunningProcess> {
    const { running, port } = await this.#process.spawn(this.#record);
    this.#record = { ...this.#record, port };
    const { records } = this.#deps;
    await this.#save({
      pid: running.pid,
      start_ticks: running.identity?.startTicks ?? null,
      boot_id: running.identity?.bootId ?? null,
      started_at: records.nowMs(),
      log_path: this.logPath,
      restarts: this.#record.restarts,
    });
    return running;
  }

  async #awaitReady(running: RunningProcess): Promise<'ready' | 'ended' | 'silent' | 'asked'> {
    const { transport, clock } = this.#deps;
    const ending = new AbortController();
    const ended = running.exited.then(() => ending.abort(new Error('ended')));
    const url = toWorkerUrl(this.#spec.listen, this.#record.port);
    const timeoutMs = this.#options.startupTimeoutMs;
    const signal = AbortSignal.any([this.#wake.signal, ending.signal]);
    try {
      const ready = await awaitReady({
        transport,
        clock,
        url,
        marker: this.#record.marker,
        timeoutMs,
        signal,
      });
      return ready ? 'ready' : 'silent';
    } catch (thrown) {
      if (ending.signal.aborted) await ended;
      else if (!this.#wake.signal.aborted) throw thrown;
      return ending.signal.aborted ? 'ended' : 'asked';
    }
  }

  async #register(): Promise<void> {
    const { registry, records } = this.#deps;
    const { name, listen, maxConcurrent } = this.#spec;
    const { marker } = this.#record;
    const url = toWorkerUrl(listen, this.#record.port);
    const worker = await registry.add({ name, url, source: 'instance', maxConcurrent, marker });
    worker.suspect();
    this.#record = { ...this.#record, workerId: worker.id };
    await this.#save({ worker_id: worker.id, heartbeat_at: records.nowMs() });
  }

  /** Ready: nothing to do until it ends or somebody asks. */
  async #watch(): Promise<void> {
    const running = this.#running;
    if (running === null) return this.#ended('has no process');
    const exit = await Promise.race([running.exited, whenAborted(this.#wake.signal)]);
    if (exit === null) return;
    const reason = this.#endingFor === null ? describeExit(exit) : `was ended: ${this.#endingFor}`;
    this.#endingFor = null;
    if (this.#record.workerId !== null) this.#deps.registry.reportGone(this.#record.workerId, reason);
    await this.#ended(reason);
  }

  async #bringDown(): Promise<void> {
    const state = this.#state;
    const { registry } = this.#deps;
    const { workerId } = this.#record;
    if (workerId !== null && registry.find(workerId) !== null) {
      if (state.kind === 'stopping' && state.thenStart) registry.reportGone(workerId, 'is being restarted');
      else await registry.remove(workerId);
    }
    if (this.#running) await this.#end(this.#running);
    await this.#ended('stopped by request');
  }

  async #end(running: RunningProcess, interruptGraceMs = this.#graceMs): Promise<void> {
    const { clock } = this.#deps;
    const { terminateGraceMs } = this.#options;
    const exit = await endProcess(running, { clock, interruptGraceMs, terminateGraceMs });
    this.#logger.info('instance.ended', { pid: running.pid, code: exit.code, signal: exit.signal });
  }

  /** After every end: leftovers swept, the cause kept, the next state chosen. */
  async #ended(reason: string): Promise<void> {
    const { clock, random } = this.#deps;
    this.#running = null;
    await sweepMarked(this.#record, this.#deps);
    const rebooted = await this.#process.takeRebootNote(this.#record);
    const lastExit = JSON.stringify({ reason, rebooted, log: await this.#tail() });
    await this.#save({ pid: null, start_ticks: null, boot_id: null, last_exit: lastExit });
    const fraction = random.fraction();
    await this.#apply({ type: 'ended', atMs: clock.monotonicMs(), reason, rebooted, fraction });
  }

  async #apply(event: InstanceEvent): Promise<void> {
    const before = this.#state;
    this.#state = nextInstanceState(before, event, this.#options.restart);
    if (this.#state === before) return;
    this.#wake.abort();
    const snapshot = this.snapshot();
    const { state, reason, retryInMs, pid, port } = snapshot;
    this.#logger.info('instance.state', { from: before.kind, state, reason, retryInMs, pid, port });
    for (const watcher of [...this.#watchers]) watcher();
    this.#deps.onChange(snapshot);
    await this.#save({ state, restarts: snapshot.restarts });
  }

  /** What SQL knows may lag when the database does not answer; the mark on the process still finds it. */
  async #save(values: Parameters<ProcessDeps['records']['update']>[1]): Promise<void> {
    try {
      await this.#deps.records.update(this.#record.id, values);
    } catch (thrown) {
      this.#logger.warn('instance.not_saved', { error: toError(thrown).message });
    }
  }

  #tail(): Promise<string[]> {
    return readLogTail(this.logPath, REASON_LINES);
  }

  #until(isReached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isReached()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  async #pause(ms: number): Promise<void> {
    try {
      await this.#deps.clock.sleep(Math.max(0, ms), this.#wake.signal);
    } catch {
      // woken: the state changed, or we are leaving
    }
  }
}

function whenAborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
