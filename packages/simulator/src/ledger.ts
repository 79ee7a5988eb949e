import { closeSync, openSync, writeSync } from 'node:fs';
import type { Clock } from './platform/clock.ts';

export type LedgerEvent =
  | 'started'
  | 'stopped'
  | 'socket_upgrade'
  | 'socket_closed'
  | 'prompt_accepted'
  | 'prompt_refused'
  | 'prompt_deleted'
  | 'execution_start'
  | 'execution_end'
  | 'paid'
  | 'file_written'
  | 'interrupted'
  | 'model_loaded'
  | 'model_unloaded'
  | 'view'
  | 'upload'
  | 'free'
  | 'fault';

/** One entry: what happened, when (monotonic ns as text, wall ms), and to which prompt. */
export interface LedgerLine {
  readonly n: number;
  readonly event: LedgerEvent;
  readonly monotonic_ns: string;
  readonly wall_ms: number;
  readonly prompt_id?: string;
  readonly [field: string]: unknown;
}

/** Append-only record of what the simulator did; in memory, or as JSON lines in a file. */
export interface Ledger {
  append(event: LedgerEvent, fields?: Record<string, unknown>): void;
  /** The newest lines: all of them up to `memoryLimit`. */
  lines(): readonly LedgerLine[];
  /** Resolves with the first line, past or future, that satisfies the test. */
  waitFor(isWanted: (line: LedgerLine) => boolean): Promise<LedgerLine>;
  close(): void;
}

/** Opens the ledger; with a path every line is also written with O_APPEND before `append` returns. */
export function openLedger(clock: Clock, path: string | undefined, memoryLimit = 200_000): Ledger {
  const file = path === undefined ? undefined : openSync(path, 'a');
  const retained: LedgerLine[] = [];
  const waiters = new Set<(line: LedgerLine) => void>();
  let count = 0;
  let closed = false;
  return {
    append(event, fields) {
      if (closed) return;
      count += 1;
      const line: LedgerLine = {
        n: count,
        event,
        monotonic_ns: clock.monotonicNs().toString(),
        wall_ms: clock.now(),
        ...fields,
      };
      if (file !== undefined) writeSync(file, `${JSON.stringify(line)}\n`);
      retained.push(line);
      if (retained.length > memoryLimit) retained.splice(0, memoryLimit / 2);
      for (const waiter of [...waiters]) waiter(line);
    },
    lines: () => retained,
    waitFor(isWanted) {
      const past = retained.find(isWanted);
      if (past !== undefined) return Promise.resolve(past);
      return new Promise((resolve) => {
        const waiter = (line: LedgerLine): void => {
          if (!isWanted(line)) return;
          waiters.delete(waiter);
          resolve(line);
        };
        waiters.add(waiter);
      });
    },
    close() {
      if (closed) return;
      closed = true;
      if (file !== undefined) closeSync(file);
    },
  };
}
