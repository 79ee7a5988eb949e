import { plainText } from '@comfleet/contract';
import { type FleetReason, toReasonSentence } from '@comfleet/contract/texts/fleet';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { RunningProcess } from '../../platform/process/running-process.ts';
import type { Random } from '../../platform/time/clock.ts';
import { HeldProcess, type HeldProcessDeps, type InstancePlan } from './held-process.ts';
import type { CompiledInstancesOptions } from './instance-options.ts';
import { type InstanceSnapshot, toInstanceSnapshot } from './instance-snapshot.ts';
import { describeExit, type InstanceEvent, type InstanceState, nextInstanceState } from './instance-state.ts';
import { type InstanceFleet, InstanceWorker } from './instance-worker.ts';

export interface LifeDeps extends HeldProcessDeps {
  random: Random;
  registry: InstanceFleet;
  onChange: (snapshot: InstanceSnapshot) => void;
}

const FAILED_STEP_PAUSE_MS = 1_000;

/**
 * Runs the state machine of one instance (see `InstanceState`): does what the state requires until an event leads to the next.
 * `answered` and `ended` come from here, all other events from `SupervisedInstance`.
 */
export class InstanceLife {
  readonly #deps: LifeDeps;
  readonly #options: CompiledInstancesOptions;
  readonly #listen: string;
  readonly #held: HeldProcess;
  readonly #worker: InstanceWorker;
  readonly #logger: Logger;
  readonly #waiting = new Set<() => void>();
  readonly #leaving = new AbortController();
  #state: InstanceState = { kind: 'stopped', reason: null, starts: [] };
  /** Why we end the process of a running instance; its end is reported with this reason. */
  #endingFor: FleetReason | null = null;
  /** Aborted by the next state change, which ends what the previous state was doing. */
  #wake = new AbortController();
  #isLiving = false;
  #life: Promise<void> = Promise.resolve();

  constructor(plan: InstancePlan, deps: LifeDeps) {
    const { record, spec, options } = plan;
    this.#options = options;
    this.#listen = spec.listen;
    this.#deps = deps;
    this.#logger = deps.logger.child({ instanceId: record.id, instance: spec.name });
    this.#held = new HeldProcess(plan, { ...deps, logger: this.#logger });
    this.#worker = new InstanceWorker(deps.registry, spec);
  }

  /** Process and row, for reading; only this class changes their state. */
  get held(): Pick<HeldProcess, 'running' | 'logPath' | 'hurry' | 'tail'> {
    return this.#held;
  }

  get state(): InstanceState {
    return this.#state;
  }

  snapshot(): InstanceSnapshot {
    const { record, running, logPath } = this.#held;
    const nowMs = this.#deps.clock.monotonicMs();
    return toInstanceSnapshot({ record, state: this.#state, running, listen: this.#listen, logPath, nowMs });
  }

  /** Adopts the living process of an earlier run; false when there is none. */
  async adopt(): Promise<boolean> {
    if (!(await this.#held.adopt(this.#leaving.signal))) return false;
    await this.apply({ type: 'adopted', atMs: this.#deps.clock.monotonicMs() });
    return true;
  }

  /** Applies an event, stores the new state, and ends what the previous state was doing. */
  async apply(event: InstanceEvent): Promise<void> {
    const before = this.#state;
    this.#state = nextInstanceState(before, event, this.#options.restart);
    if (this.#state === before) return;
    this.#wake.abort();
    const snapshot = this.snapshot();
    const { state, reason, retryInMs, pid, port } = snapshot;
    this.#logger.info('instance.state', { from: before.kind, state, reason, retryInMs, pid, port });
    for (const check of [...this.#waiting]) check();
    this.#deps.onChange(snapshot);
    await this.#held.save({ state, restarts: snapshot.restarts });
  }

  /** Resolves when the condition holds; it is checked after each state change. */
  until(isReached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!isReached()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Starts the loop unless it is running. It ends by itself in `stopped`. */
  live(): void {
    if (this.#isLiving) return;
    this.#isLiving = true;
    this.#life = this.#runLoop();
  }

  /** Ends a process that no longer answers, as a crash with this reason. False when that is already in progress. */
  endHung(running: RunningProcess, reason: FleetReason): boolean {
    if (this.#endingFor !== null) return false;
    this.#endingFor = reason;
    this.#logger.warn('instance.hung', { pid: running.pid, reason: toReasonSentence(reason) });
    this.#held.endHung(running).catch((thrown: unknown) => {
      this.#endingFor = null;
      this.#logger.error('instance.end_failed', { error: thrown });
    });
    return true;
  }

  /** Stores when the process last answered a check of its worker (PS15). */
  async beat(): Promise<void> {
    if (this.#worker.isOnline(this.#held.record)) await this.#held.beat();
  }

  /** Ends the loop; a living process runs on without us. */
  async leave(): Promise<void> {
    this.#leaving.abort(new Error('closing'));
    this.#wake.abort();
    await this.#life;
  }

  async #runLoop(): Promise<void> {
    while (this.#state.kind !== 'stopped' && !this.#leaving.signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#step();
      } catch (thrown) {
        this.#logger.error('instance.step_failed', { error: thrown });
        await this.#pause(FAILED_STEP_PAUSE_MS);
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
        return this.#bringDown(state.thenStart);
      case 'waiting':
      case 'crash_looping':
        return this.#awaitRetry(state);
    }
  }

  async #awaitRetry(state: Extract<InstanceState, { retryAtMs: number }>): Promise<void> {
    await this.#pause(state.retryAtMs - this.#deps.clock.monotonicMs());
    const atMs = this.#deps.clock.monotonicMs();
    if (this.#state !== state || atMs < state.retryAtMs || this.#leaving.signal.aborted) return;
    this.#held.countRestart();
    await this.apply({ type: 'started', atMs, requested: false });
  }

  async #bringUp(): Promise<void> {
    let running: RunningProcess;
    try {
      running = await this.#held.ensure();
    } catch (thrown) {
      const error = toError(thrown);
      const why = error instanceof AppError ? JSON.stringify(error.details) : error.message;
      return this.#ended({ code: 'exit.not_started', params: { reason: why } });
    }
    const outcome = await this.#held.awaitReady(running, this.#wake.signal);
    if (this.#state.kind !== 'starting' || this.#leaving.signal.aborted) return;
    if (outcome === 'ended') return this.#endedBeforeReady(describeExit(await running.exited));
    if (outcome === 'silent') {
      await this.#held.end(running);
      const seconds = this.#options.startupTimeoutMs / 1000;
      return this.#ended({ code: 'exit.silent', params: { seconds } });
    }
    await this.#held.assignWorker(await this.#worker.join(this.#held.record));
    await this.apply({ type: 'answered', atMs: this.#deps.clock.monotonicMs() });
  }

  /** Handles an end before it answered. If another program took its port since the lease, it starts on the next one. */
  async #endedBeforeReady(reason: FleetReason): Promise<void> {
    if (!(await this.#held.hasLostPort())) return this.#ended(reason);
    const { port } = this.#held.record;
    this.#logger.warn('instance.port_taken', { port, reason: toReasonSentence(reason) });
    await this.#held.cleanUp({ code: 'exit.port_taken', params: { port, reason } });
  }

  /** While ready: waits until the process ends or a command arrives. */
  async #watch(): Promise<void> {
    const { running, record } = this.#held;
    if (running === null) return this.#ended(plainText('exit.no_process'));
    const exit = await Promise.race([running.exited, whenAborted(this.#wake.signal)]);
    if (exit === null) return;
    const reason: FleetReason =
      this.#endingFor === null
        ? describeExit(exit)
        : { code: 'exit.hung', params: { reason: this.#endingFor } };
    this.#endingFor = null;
    this.#worker.reportGone(record, reason);
    await this.#ended(reason);
  }

  async #bringDown(thenStart: boolean): Promise<void> {
    const { record, running } = this.#held;
    if (thenStart) this.#worker.reportGone(record, plainText('exit.restarting'));
    else await this.#worker.leave(record);
    if (running) await this.#held.end(running);
    await this.#ended(plainText('exit.by_request'));
  }

  /** Applies the end of the process, which determines the next state. */
  async #ended(reason: FleetReason): Promise<void> {
    const { rebooted } = await this.#held.cleanUp(reason);
    const atMs = this.#deps.clock.monotonicMs();
    const fraction = this.#deps.random.fraction();
    await this.apply({ type: 'ended', atMs, reason, rebooted, fraction });
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
