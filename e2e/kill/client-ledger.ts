import type { ClientEntry } from './ledgers.ts';

const ENDS = ['succeeded', 'failed', 'canceled', 'expired'];

interface Waiter {
  isReached: () => boolean;
  resolve: () => void;
}

/** What all clients wrote down, in one order; tells how far the tasks they watch have come. */
export class ClientLedger {
  readonly entries: ClientEntry[] = [];
  readonly #running = new Set<string>();
  #ends = 0;
  #waiting: Waiter[] = [];

  push(entry: ClientEntry): void {
    this.entries.push(entry);
    if (entry.kind !== 'event') return;
    if (ENDS.includes(entry.state)) this.#ends += 1;
    if (entry.state === 'running') this.#running.add(entry.taskId);
    else this.#running.delete(entry.taskId);
    const reached = this.#waiting.filter((waiter) => waiter.isReached());
    this.#waiting = this.#waiting.filter((waiter) => !reached.includes(waiter));
    for (const waiter of reached) waiter.resolve();
  }

  /** Resolves when `count` more tasks have been seen to end than now. */
  waitForEnds(count: number): Promise<void> {
    const ends = this.#ends + count;
    return this.#waitUntil(() => this.#ends >= ends);
  }

  /** Resolves with the next event after which this many tasks are running. */
  waitForRunning(count: number): Promise<void> {
    return this.#waitUntil(() => this.#running.size >= count);
  }

  #waitUntil(isReached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isReached, resolve });
    });
  }
}
