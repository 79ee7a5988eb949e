import type { ClientEntry } from './ledgers.ts';

const ENDS = ['succeeded', 'failed', 'canceled', 'expired'];

interface Waiter {
  isReached: () => boolean;
  resolve: () => void;
}

/** The records of all clients in one order; notifies about the progress of the tasks they watch. */
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

  /** Resolves when clients have seen `count` more tasks end. */
  waitForEnds(count: number): Promise<void> {
    const ends = this.#ends + count;
    return this.#waitUntil(() => this.#ends >= ends);
  }

  /** Resolves after an event, when `count` tasks are running. */
  waitForRunning(count: number): Promise<void> {
    return this.#waitUntil(() => this.#running.size >= count);
  }

  #waitUntil(isReached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isReached, resolve });
    });
  }
}
