import { toError } from '../errors/app-error.ts';
import type { Clock } from '../time/clock.ts';

export interface AskedWorkOptions {
  clock: Clock;
  /** Nothing is begun once it is aborted. */
  signal: AbortSignal;
  /** What failed is tried again after this. */
  retryMs: number;
  onFailed: (error: Error) => void;
}

/**
 * Work that many may ask for: never twice at once, and once more when it was asked for meanwhile or failed.
 *
 *   idle   →  busy   by `ask`
 *   busy   →  again  by an `ask` meanwhile, however many, or by a failure
 *   again  →  busy   when the work ends, after a failure `retryMs` later; busy → idle when it ends unasked
 */
export class AskedWork {
  readonly #work: () => Promise<void>;
  readonly #options: AskedWorkOptions;
  #state: 'idle' | 'busy' | 'again' = 'idle';

  constructor(work: () => Promise<void>, options: AskedWorkOptions) {
    this.#work = work;
    this.#options = options;
  }

  ask(): void {
    if (this.#options.signal.aborted) return;
    if (this.#state !== 'idle') {
      this.#state = 'again';
      return;
    }
    this.#state = 'busy';
    void this.#runOnce().then(() => {
      const again = this.#state === 'again';
      this.#state = 'idle';
      if (again) this.ask();
    });
  }

  async #runOnce(): Promise<void> {
    const { clock, signal, retryMs, onFailed } = this.#options;
    try {
      await this.#work();
    } catch (thrown) {
      if (signal.aborted) return;
      onFailed(toError(thrown));
      this.#state = 'again';
      await clock.sleep(retryMs, signal).catch(() => {
        // Closing: `ask` begins nothing any more.
      });
    }
  }
}
