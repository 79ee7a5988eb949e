import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { InstancePlan } from './held-process.ts';
import { InstanceLife, type LifeDeps } from './instance-life.ts';
import type { CompiledInstancesOptions } from './instance-options.ts';
import type { InstanceSnapshot } from './instance-snapshot.ts';

/** Commands to one ComfyUI process that is kept running: spawned or adopted, a worker once it answers, restarted after its end. */
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

  /** Stores that the process answered when its worker was last checked (PS15). */
  beat(): Promise<void> {
    return this.#life.beat();
  }

  /** Looks for a living process of an earlier run, then starts. A second call changes nothing. */
  async open(): Promise<void> {
    if (!(await this.#life.adopt())) return this.start();
    this.#life.live();
  }

  /** Runs it, now: also out of a back-off or a crash loop. During a stop it starts again afterwards. */
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

  /** Ends a process that hangs. To the restart policy it is a crash: waited for, counted, limited. Returns what is done. */
  endHung(reason: string): string {
    const {
      state,
      held: { running },
    } = this.#life;
    if (state.kind !== 'ready' || running === null) return `its supervisor is at it (${state.kind})`;
    const isFresh = this.#clock.monotonicMs() - state.sinceMs < this.#options.settleMs;
    if (isFresh) return 'it was started just now';
    return this.#life.endHung(running, reason) ? 'it is being restarted' : 'it is being ended already';
  }

  /** Resolves when it answers. Rejects with INSTANCE_START_FAILED once this start has failed. */
  async whenReady(): Promise<InstanceSnapshot> {
    await this.#life.until(() => {
      const { kind } = this.#life.state;
      return kind !== 'starting' && kind !== 'stopping';
    });
    const snapshot = this.snapshot();
    if (snapshot.state === 'ready') return snapshot;
    const { name, reason } = snapshot;
    throw new AppError('INSTANCE_START_FAILED', {
      instance: name,
      reason,
      log: await this.#life.held.tail(),
    });
  }

  /** For our own end: stops quickly, or lets the process go on to be adopted later. */
  async close(): Promise<void> {
    this.#life.held.hurry();
    if (this.#options.onShutdown === 'stop') await this.stop();
    await this.#life.leave();
  }
}
