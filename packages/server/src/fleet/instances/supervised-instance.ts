import { plainText } from '@comfleet/contract';
import type { FleetReason, FleetText } from '@comfleet/contract/texts/fleet';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { InstancePlan } from './held-process.ts';
import { InstanceLife, type LifeDeps } from './instance-life.ts';
import type { CompiledInstancesOptions } from './instance-options.ts';
import type { InstanceSnapshot } from './instance-snapshot.ts';

/** Commands to one supervised ComfyUI process: spawned or adopted, a worker once it answers, restarted after its end. */
export class SupervisedInstance {
  readonly #life: InstanceLife;
  readonly #clock: Clock;
  readonly #options: CompiledInstancesOptions;

  constructor(plan: InstancePlan, deps: LifeDeps) {
    this.#life = new InstanceLife(plan, deps);
    this.#clock = deps.clock;
    this.#options = plan.options;
  }

  get logPath(): string {
    return this.#life.held.logPath;
  }

  snapshot(): InstanceSnapshot {
    return this.#life.snapshot();
  }

  /** Stores when the process last answered a check of its worker (PS15). */
  beat(): Promise<void> {
    return this.#life.beat();
  }

  /** Adopts a living process of an earlier run, or starts one. Further calls do nothing. */
  async open(): Promise<void> {
    if (!(await this.#life.adopt())) return this.start();
    this.#life.live();
  }

  /** Starts it now, even during backoff or a crash loop; during a stop, right after it. */
  async start(): Promise<void> {
    const atMs = this.#clock.monotonicMs();
    const isStopping = this.#life.state.kind === 'stopping';
    await this.#life.apply(
      isStopping ? { type: 'stop_requested', thenStart: true } : { type: 'started', atMs, requested: true },
    );
    this.#life.live();
  }

  /** Ends the process and waits for its exit; safe to call twice. */
  async stop(): Promise<void> {
    await this.#life.apply({ type: 'stop_requested', thenStart: false });
    await this.#life.until(() => this.#life.state.kind === 'stopped');
  }

  /** Ends the process and starts a new one. */
  async restart(): Promise<void> {
    const old = this.#life.held.running;
    if (old === null) return this.start();
    await this.#life.apply({ type: 'stop_requested', thenStart: true });
    await this.#life.until(() => this.#life.held.running !== old);
  }

  /** Ends a process that hangs, which counts as a crash for the restart policy. Returns a text about what is done. */
  endHung(reason: FleetReason): FleetText {
    const {
      state,
      held: { running },
    } = this.#life;
    if (state.kind !== 'ready' || running === null)
      return { code: 'restart.busy', params: { state: state.kind } };
    const isFresh = this.#clock.monotonicMs() - state.sinceMs < this.#options.settleMs;
    if (isFresh) return plainText('restart.fresh');
    return plainText(this.#life.endHung(running, reason) ? 'restart.begun' : 'restart.ending');
  }

  /** Resolves when it answers. Rejects with INSTANCE_START_FAILED once this start has failed. */
  async whenReady(): Promise<InstanceSnapshot> {
    await this.#life.until(() => {
      const { kind } = this.#life.state;
      return kind !== 'starting' && kind !== 'stopping';
    });
    const snapshot = this.snapshot();
    if (snapshot.state === 'ready') return snapshot;
    const { name, reason, reasonText } = snapshot;
    throw new AppError('INSTANCE_START_FAILED', {
      instance: name,
      reason,
      message_text: reasonText,
      log: await this.#life.held.tail(),
    });
  }

  /** For our own shutdown: stops quickly, or leaves the process running to be adopted later. */
  async close(): Promise<void> {
    this.#life.held.hurry();
    if (this.#options.onShutdown === 'stop') await this.stop();
    await this.#life.leave();
  }
}
