import type { LogEntry } from '@comfleet/comfyui';

/** One reading of a server's log. */
export interface LogView {
  readonly lines: ReadonlySet<string>;
  /** The newest complete line, as one without a line break may still change; null for a log without any. */
  readonly newest: string | null;
}

const FEWEST_LINES = 3;

/** Reads a log view. The log is in the memory of the process, with times in microseconds, so no other process has the same. */
export function readLogView(entries: readonly LogEntry[]): LogView {
  const whole = entries.filter(({ text }) => text.endsWith('\n'));
  const lines = whole.map(({ time, text }) => `${time} ${text}`);
  return { lines: new Set(lines), newest: lines.at(-1) ?? null };
}

/** True when `later`, from whichever address, contains the newest line of `earlier`. */
export function goesOnFrom(earlier: LogView, later: LogView): boolean {
  return earlier.newest !== null && later.lines.has(earlier.newest);
}

/**
 * True when two addresses lead to one process: the newest line of the first is in the later log of the other, and the newest
 * line of that is in a third reading through the first. A copy of a log (a forked process, a cache) does not grow in step.
 */
export function provesOneProcess(first: LogView, other: LogView, firstAgain: LogView): boolean {
  const common = [...first.lines].filter((line) => other.lines.has(line)).length;
  return common >= FEWEST_LINES && goesOnFrom(first, other) && goesOnFrom(other, firstAgain);
}
