import type { Clock } from '../../platform/time/clock.ts';

const WINDOW_MS = 600_000;
/** Similar refusals in ten minutes that get entries of their own, and all refusals in that time. */
const MAX_SIMILAR = 5;
const MAX_TOTAL = 600;

interface Window {
  startMs: number;
  entries: number;
  leftOut: number;
}

/**
 * Keeps somebody who guesses thousands of times from filling the log: the first refusals of a kind in ten minutes have entries, the
 * rest is counted, and the next entry of that kind tells their number.
 */
export class DenialLimit {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #kinds = new Map<string, Window>();
  #total: Window = { startMs: 0, entries: 0, leftOut: 0 };

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Null: no entry. Else how many similar ones since the last entry have none. */
  admit(kind: string): number | null {
    const nowMs = this.#clock.monotonicMs();
    this.#total = this.#current(this.#total, nowMs);
    const window = this.#current(this.#kinds.get(kind), nowMs);
    this.#kinds.set(kind, window);
    if (window.entries >= MAX_SIMILAR || this.#total.entries >= MAX_TOTAL) {
      window.leftOut += 1;
      return null;
    }
    window.entries += 1;
    this.#total.entries += 1;
    const { leftOut } = window;
    window.leftOut = 0;
    return leftOut;
  }

  /** Forgets kinds whose time is over and that left nothing out. */
  tidy(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [kind, { startMs, leftOut }] of this.#kinds)
      if (nowMs - startMs >= (leftOut === 0 ? WINDOW_MS : 6 * WINDOW_MS)) this.#kinds.delete(kind);
  }

  #current(window: Window | undefined, nowMs: number): Window {
    if (window && nowMs - window.startMs < WINDOW_MS) return window;
    return { startMs: nowMs, entries: 0, leftOut: window?.leftOut ?? 0 };
  }
}
