import type { LiveUpdate } from './live-updates.ts';

/**
 * What waits for one reader. Events are kept in order; of progress and previews only the newest of each task stays. A
 * reader that falls behind by more than `limit` events is dropped, never waited for: it resumes by number.
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

  /** The next update; null once closed (dropped, or the signal of the reader). */
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
