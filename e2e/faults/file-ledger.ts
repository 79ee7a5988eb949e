import { existsSync, readFileSync, watch } from 'node:fs';
import type { LedgerEvent, LedgerLine } from '@comfleet/simulator';

/** A worker's record of what it did, read from its file; works for stopped and dead processes too. */
export class FileLedger {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  lines(): LedgerLine[] {
    if (!existsSync(this.#file)) return [];
    const texts = readFileSync(this.#file, 'utf8').split('\n');
    // The last one is empty, or is being written.
    return texts.slice(0, -1).map((text) => JSON.parse(text) as LedgerLine);
  }

  /** Lines with this event for one task. */
  list(event: LedgerEvent, taskId: string): LedgerLine[] {
    return this.lines().filter((line) => line.event === event && line.task === taskId);
  }

  /** Resolves with the first matching line, past or future; rejects after the time limit. */
  waitFor(isWanted: (line: LedgerLine) => boolean, limitMs = 100_000): Promise<LedgerLine> {
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        watcher.close();
        clearTimeout(timer);
        act();
      };
      const look = () => {
        const found = this.lines().find(isWanted);
        if (found) end(() => resolve(found));
      };
      const timer = setTimeout(
        () => end(() => reject(new Error(`no such line in ${this.#file} within ${limitMs} ms`))),
        limitMs,
      );
      const watcher = watch(this.#file, look);
      look();
    });
  }

  /** The n-th line, from 1, with this event for a task. */
  async nth(event: LedgerEvent, taskId: string, n: number, limitMs?: number): Promise<LedgerLine> {
    await this.waitFor(() => this.list(event, taskId).length >= n, limitMs);
    const found = this.list(event, taskId)[n - 1];
    if (!found) throw new Error(`${event} ${n} of ${taskId} is gone`);
    return found;
  }
}
