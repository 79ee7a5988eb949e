import { toError } from '../errors/app-error.ts';
import type { Clock } from '../time/clock.ts';

export interface CoalescedWorkOptions {
  /** No run starts after it is aborted. */
  signal?: AbortSignal;
  /** Delays the retry after a failure; without it, a run that failed waits for the next request. */
  retry?: { clock: Clock; afterMs: number };
  onFailed: (error: Error) => void;
}

/**
 * Work that anyone may request: it never runs twice at once, and requests made during a run cause one more run.
 *
 * - idle: nothing to do. Entered at the start, and from `busy` when a run ends without a further request.
 * - busy: a run is under way. Entered from `idle` by `request`, and from `again` when the run before ends; after a failure
 *   `afterMs` later.
 * - again: one more run follows. Entered from `busy` by `request`, or by a failure that is retried. Ignores further requests.
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
    if (this.#options.signal?.aborted) return;
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
    const { signal, retry, onFailed } = this.#options;
    try {
      await this.#work();
    } catch (thrown) {
      if (signal?.aborted) return;
      onFailed(toError(thrown));
      if (!retry) return;
      this.#state = 'again';
      await retry.clock.sleep(retry.afterMs, signal).catch(() => {
        // Closing: `request` starts nothing any more.
      });
    }
  }
}
