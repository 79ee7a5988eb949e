import type { Clock } from '../../src/platform/time/clock.ts';

interface Timer {
  atMs: number;
  fn: () => void;
}

/** A clock that moves only when told; due timers run in order, and what they cause is awaited between them. */
export class FakeClock implements Clock {
  #nowMs = 1_700_000_000_000;
  #monotonicMs = 0;
  readonly #timers = new Set<Timer>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  setTimer(ms: number, fn: () => void): () => void {
    const timer = { atMs: this.#monotonicMs + ms, fn };
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

  /** Timers that wait now. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Moves on by `ms`, running every timer that comes due on the way. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (let next = this.#nextDue(endMs); next; next = this.#nextDue(endMs)) {
      this.#moveTo(next.atMs);
      this.#timers.delete(next);
      next.fn();
      await settle();
    }
    this.#moveTo(endMs);
    await settle();
  }

  #nextDue(endMs: number): Timer | undefined {
    return [...this.#timers].filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
  }

  #moveTo(monotonicMs: number): void {
    const step = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#nowMs += step;
    this.#monotonicMs += step;
  }
}

/** Lets pending promises, file and compression callbacks run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
