import type { Clock } from '../../../platform/time/clock.ts';

export interface CheckLoopDeps {
  clock: Clock;
  /** Runs one check and returns the ms until the next. Must not throw. */
  step: () => Promise<number>;
  signal: AbortSignal;
}

/** Runs checks in a loop: after the delay that each check returns, or at once when woken. */
export class CheckLoop {
  readonly #deps: CheckLoopDeps;
  #wake = new AbortController();
  #running: Promise<void> | null = null;

  constructor(deps: CheckLoopDeps) {
    this.#deps = deps;
  }

  /** Starts the loop; further calls do nothing. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the delay; during a check, the next one follows at once. */
  wake(): void {
    this.#wake.abort(new Error('woken'));
  }

  /** Resolves when the loop has ended after its signal was aborted. */
  async settle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const { step, signal } = this.#deps;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      await this.#pause(await step());
    }
  }

  async #pause(delayMs: number): Promise<void> {
    try {
      await this.#deps.clock.sleep(delayMs, this.#wake.signal);
    } catch {
      // woken: by a hint, or to end
    }
  }
}
