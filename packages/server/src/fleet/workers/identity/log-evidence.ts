import type { LogEntry } from '@comfleet/comfyui';

/** What one look at a server's log showed. */
export interface LogView {
  readonly lines: ReadonlySet<string>;
  /** The newest line that stays: one without its line break may still be overwritten. Null for a log without any. */
  readonly newest: string | null;
}

const FEWEST_LINES = 3;

/** The log is in the memory of the process, and each line bears its time in microseconds: no other process has the same. */
export function readLogView(entries: readonly LogEntry[]): LogView {
  const whole = entries.filter(({ text }) => text.endsWith('\n'));
  const lines = whole.map(({ time, text }) => `${time} ${text}`);
  return { lines: new Set(lines), newest: lines.at(-1) ?? null };
}

/** True when `later`, of whatever address, shows the line that was the newest at `earlier`. */
export function goesOnFrom(earlier: LogView, later: LogView): boolean {
  return earlier.newest !== null && later.lines.has(earlier.newest);
}

/**
 * Whether two addresses lead to one process: what the one showed last stands in what the other showed after it, and what that
 * showed last in a third look through the first. A copy of a log (a forked process, a cache) does not go on like the original.
 */
export function provesOneProcess(first: LogView, other: LogView, firstAgain: LogView): boolean {
  const common = [...first.lines].filter((line) => other.lines.has(line)).length;
  return common >= FEWEST_LINES && goesOnFrom(first, other) && goesOnFrom(other, firstAgain);
}
