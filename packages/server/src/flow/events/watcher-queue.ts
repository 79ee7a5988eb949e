import type { Happening } from './event-hub.ts';

/**
 * What waits for one reader. Events are kept in order; of progress and previews only the newest of each task stays. A
 * reader that falls behind by more than `limit` events is dropped, never waited for: it resumes by number.
 */
export class WatcherQueue {
  readonly #limit: number;
  #items: Happening[] = [];
  #wake: (() => void) | null = null;
  #closed = false;

  constructor(limit = 1000) {
    this.#limit = limit;
  }

  push(happening: Happening): void {
    if (this.#closed) return;
    if (happening.kind !== 'event') {
      const at = this.#items.findIndex(
        (item) => item.kind === happening.kind && item.taskId === happening.taskId,
      );
      if (at >= 0) this.#items.splice(at, 1);
    }
    this.#items.push(happening);
    if (this.#items.length > this.#limit) this.close();
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** The next happening; null once closed (dropped, or the signal of the reader). */
  async next(): Promise<Happening | null> {
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
