interface Timer {
  atMs: number;
  fn: () => void;
}

/** Time that stands still until a test moves it; starts at 2026-01-01T00:00:00Z. Fits the `Clock` of every package. */
abstract class StandingClock {
  readonly #timers = new Set<Timer>();
  #elapsedMs = 0;

  nowMs(): number {
    return Date.UTC(2026, 0, 1) + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(ms: number, fn: () => void): () => void {
    const timer = { atMs: this.#elapsedMs + ms, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.setTimer(ms, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Number of pending timers and sleeps. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves to the next timer that is due by `endMs` and calls it; moves to `endMs` and returns false when there is none. */
  protected fireNext(endMs: number): boolean {
    const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
    this.#elapsedMs = Math.max(this.#elapsedMs, next?.atMs ?? endMs);
    if (!next) return false;
    this.#timers.delete(next);
    next.fn();
    return true;
  }
}

/** Runs timers one after the other, without a pause between them. */
export class FakeClock extends StandingClock {
  /** Advances by `ms` and calls the timers that come due, in order. */
  advance(ms: number): void {
    const endMs = this.monotonicMs() + ms;
    while (this.fireNext(endMs));
  }
}

/** Awaits the effects of a timer before it runs the next one. */
export class SettlingClock extends StandingClock {
  /** Advances by `ms` and calls the timers that come due, in order. */
  async advance(ms: number): Promise<void> {
    const endMs = this.monotonicMs() + ms;
    await settle();
    while (this.fireNext(endMs)) await settle();
    await settle();
  }
}

/** Lets pending promises, file and compression callbacks run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
