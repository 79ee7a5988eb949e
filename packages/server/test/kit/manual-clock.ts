import type { Clock } from '../../src/platform/time/clock.ts';

interface Timer {
  atMs: number;
  fn: () => void;
}

/** Time that moves only when a test says so. Starts at 2026-01-01T00:00:00Z. */
export class ManualClock implements Clock {
  #elapsedMs = 0;
  #timers: Timer[] = [];

  nowMs(): number {
    return Date.UTC(2026, 0, 1) + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(ms: number, fn: () => void): () => void {
    const timer = { atMs: this.#elapsedMs + ms, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const cancel = this.setTimer(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason);
      });
    });
  }

  /** Moves time, firing what comes due in order. */
  advance(ms: number): void {
    const end = this.#elapsedMs + ms;
    for (;;) {
      const [next] = this.#timers.filter((timer) => timer.atMs <= end).sort((a, b) => a.atMs - b.atMs);
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
      next.fn();
    }
    this.#elapsedMs = end;
  }
}
