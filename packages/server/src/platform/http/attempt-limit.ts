import type { Clock } from '../time/clock.ts';

/** A limited number of attempts per key and window; keys are forgotten with their window. */
export class AttemptLimit {
  readonly #clock: Clock;
  readonly #options: { readonly max: number; readonly windowMs: number };
  readonly #counts = new Map<string, number>();
  #windowEndMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, options: { max: number; windowMs: number }) {
    this.#clock = clock;
    this.#options = options;
  }

  /** False when the key has used its attempts up. */
  allows(key: string): boolean {
    this.#turn();
    return (this.#counts.get(key) ?? 0) < this.#options.max;
  }

  count(key: string): void {
    this.#turn();
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  #turn(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#windowEndMs) return;
    this.#counts.clear();
    this.#windowEndMs = nowMs + this.#options.windowMs;
  }
}
