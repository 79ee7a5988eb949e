import type { Clock } from '../../../platform/time/clock.ts';

export interface CheckLoopDeps {
  clock: Clock;
  /** One check; returns the milliseconds until the next. Must not throw. */
  step: () => Promise<number>;
  signal: AbortSignal;
}

/** Checks again and again: after the pause that each check asks for, or at once when woken. */
export class CheckLoop {
  readonly #deps: CheckLoopDeps;
  #wake = new AbortController();
  #running: Promise<void> | null = null;

  constructor(deps: CheckLoopDeps) {
    this.#deps = deps;
  }

  /** Begins; a second call changes nothing. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the pause; during a check, the next one follows at once. */
  wake(): void {
    this.#wake.abort(new Error('woken'));
  }

  /** Resolves when the loop has ended, after its signal was aborted. */
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
