import type { PagePlatform } from '../platform/page-platform.ts';

/** A browser whose time stands still until a test moves it. */
export class FakePlatform implements PagePlatform {
  visible = true;
  #nowMs = Date.UTC(2026, 0, 1, 12);
  #keys = 0;
  readonly #timers = new Set<{ periodMs: number; dueMs: number; act: () => void }>();

  now(): Date {
    return new Date(this.#nowMs);
  }

  every(periodMs: number, act: () => void): () => void {
    const timer = { periodMs, dueMs: this.#nowMs + periodMs, act };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  isVisible(): boolean {
    return this.visible;
  }

  newKey(): string {
    this.#keys += 1;
    return `key-${String(this.#keys)}`;
  }

  /** Moves time on; each timer acts once at most, as in a browser that woke up. */
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#timers) {
      if (timer.dueMs > this.#nowMs) continue;
      timer.dueMs = this.#nowMs + timer.periodMs;
      timer.act();
    }
  }
}
