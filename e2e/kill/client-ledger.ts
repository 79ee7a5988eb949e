import type { ClientEntry } from './ledgers.ts';

const ENDS = ['succeeded', 'failed', 'canceled', 'expired'];

/** What all clients wrote down, in one order; tells when so many tasks were seen to end. */
export class ClientLedger {
  readonly entries: ClientEntry[] = [];
  #ends = 0;
  #waiting: { ends: number; resolve: () => void }[] = [];

  push(entry: ClientEntry): void {
    this.entries.push(entry);
    if (entry.kind !== 'event' || !ENDS.includes(entry.state)) return;
    this.#ends += 1;
    for (const waiter of this.#waiting) if (waiter.ends <= this.#ends) waiter.resolve();
    this.#waiting = this.#waiting.filter((waiter) => waiter.ends > this.#ends);
  }

  /** Resolves when `count` more tasks have been seen to end than now. */
  waitForEnds(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ ends: this.#ends + count, resolve });
    });
  }
}
