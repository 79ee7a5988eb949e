import { AppError } from '../errors/app-error.ts';

/** Counts the open event streams of each client, SSE and live together. */
export class StreamSlots {
  readonly #limit: () => number;
  readonly #open = new Map<string, number>();

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get total(): number {
    return [...this.#open.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Takes a slot; the returned function releases it, once. Throws TOO_MANY_STREAMS. */
  take(ownerId: string): () => void {
    const count = this.#open.get(ownerId) ?? 0;
    const limit = this.#limit();
    if (count >= limit) throw new AppError('TOO_MANY_STREAMS', { limit });
    this.#open.set(ownerId, count + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const left = (this.#open.get(ownerId) ?? 1) - 1;
      if (left === 0) this.#open.delete(ownerId);
      else this.#open.set(ownerId, left);
    };
  }
}
