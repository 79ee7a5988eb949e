import type { Clock } from '../time/clock.ts';

/** Limits attempts per key and time window; a key is forgotten when its window ends. */
export class AttemptLimit {
  readonly #clock: Clock;
  readonly #options: { readonly max: number; readonly windowMs: number };
  readonly #counts = new Map<string, number>();
  #windowEndMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, options: { max: number; windowMs: number }) {
    this.#clock = clock;
    this.#options = options;
  }

  /** False if the key has used up its attempts. */
  allows(key: string): boolean {
    this.#turn();
    return (this.#counts.get(key) ?? 0) < this.#options.max;
  }

  count(key: string): void {
    this.#turn();
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Takes one counted attempt back. */
  uncount(key: string): void {
    this.#turn();
    const count = this.#counts.get(key) ?? 0;
    if (count > 0) this.#counts.set(key, count - 1);
  }

  #turn(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#windowEndMs) return;
    this.#counts.clear();
    this.#windowEndMs = nowMs + this.#options.windowMs;
  }
}
