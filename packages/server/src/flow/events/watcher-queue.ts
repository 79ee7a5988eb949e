import type { LiveUpdate } from './live-updates.ts';

/**
 * Updates that wait for one reader: events in order, and the latest progress and preview of each task. A reader that falls behind
 * by more than `limit` events is dropped instead of awaited; it resumes by event number.
 */
export class WatcherQueue {
  readonly #limit: number;
  #items: LiveUpdate[] = [];
  #wake: (() => void) | null = null;
  #closed = false;

  constructor(limit = 1000) {
    this.#limit = limit;
  }

  push(update: LiveUpdate): void {
    if (this.#closed) return;
    if (update.kind !== 'event') {
      const at = this.#items.findIndex((item) => item.kind === update.kind && item.taskId === update.taskId);
      if (at >= 0) this.#items.splice(at, 1);
    }
    this.#items.push(update);
    if (this.#items.length > this.#limit) this.close();
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** Returns the next update; null once closed (dropped, or aborted by the reader). */
  async next(): Promise<LiveUpdate | null> {
    while (!this.#closed) {
      const item = this.#items.shift();
      if (item) return item;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    return null;
  }
}
