import { systemClock } from '../platform/clock.ts';
import type { Terminal } from '../platform/terminal.ts';

/** A terminal that keeps what is written on it, results and the rest, line by line. */
export function openMemoryTerminal(): Terminal & { readonly printed: readonly string[] } {
  const printed: string[] = [];
  const write = (line: string) => void printed.push(line);
  return {
    out: write,
    err: write,
    paint: (line) => line,
    barStream: null,
    env: {},
    cwd: '/nowhere',
    command: 'comfleet',
    clock: systemClock,
    signal: new AbortController().signal,
    printed,
  };
}
