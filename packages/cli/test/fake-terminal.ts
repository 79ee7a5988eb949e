import { systemClock } from '@comfleet/sdk';
import type { Terminal } from '../src/platform/terminal.ts';

/** A terminal that keeps what is written; English unless told otherwise. */
export function createFakeTerminal(over: Partial<Terminal> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal: Terminal = {
    out: (line) => void out.push(...line.split('\n')),
    err: (line) => void err.push(...line.split('\n')),
    barStream: null,
    colour: false,
    env: { LANG: 'en_US.UTF-8' },
    cwd: process.cwd(),
    clock: systemClock,
    signal: new AbortController().signal,
    ...over,
  };
  return { terminal, out, err };
}
