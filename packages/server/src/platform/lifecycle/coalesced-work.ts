import { toError } from '../errors/app-error.ts';
import type { Clock } from '../time/clock.ts';

export interface CoalescedWorkOptions {
  clock: Clock;
  /** No run starts after it is aborted. */
  signal: AbortSignal;
  /** Delay of the retry after a failure. */
  retryMs: number;
  onFailed: (error: Error) => void;
}

/**
 * Work that anyone may request: it never runs twice at once, and requests made during a run cause one more run.
 *
 * - idle: nothing to do. Entered at the start, and from `busy` when a run ends without a further request.
 * - busy: a run is under way. Entered from `idle` by `request`, and from `again` when the run before ends; after a failure
 *   `retryMs` later.
 * - again: one more run follows. Entered from `busy` by `request` or by a failure. Ignores further requests.
 */
export class CoalescedWork {
  readonly #work: () => Promise<void>;
  readonly #options: CoalescedWorkOptions;
  #state: 'idle' | 'busy' | 'again' = 'idle';

  constructor(work: () => Promise<void>, options: CoalescedWorkOptions) {
    this.#work = work;
    this.#options = options;
  }

  request(): void {
    if (this.#options.signal.aborted) return;
    if (this.#state !== 'idle') {
      this.#state = 'again';
      return;
    }
    this.#state = 'busy';
    void this.#runOnce().then(() => {
      const again = this.#state === 'again';
      this.#state = 'idle';
      if (again) this.request();
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
        // Closing: `request` starts nothing any more.
      });
    }
  }
}
