import type { Clock } from '@comfleet/sdk';
import colors from 'picocolors';
import { systemClock } from './clock.ts';
import { findCommandName } from './command-name.ts';

/** The outside world of one call of the command: where it writes, what it was started with, when it must stop. */
export interface Terminal {
  /** Writes one line of result to stdout. */
  out(line: string): void;
  /** Writes one line of progress or trouble to stderr. */
  err(line: string): void;
  /** Colours a line by the mark it begins with, where colour is wanted. */
  paint(line: string): string;
  /** Where a progress bar may be drawn; null when stderr is no terminal. */
  readonly barStream: NodeJS.WriteStream | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** How a user calls this program: `comfleet` or `npx comfleet`. */
  readonly command: string;
  readonly clock: Clock;
  /** Aborts on Ctrl-C and on a request to end. */
  readonly signal: AbortSignal;
}

/** The process's own terminal. Colour only on a terminal and without NO_COLOR (no-color.org). */
export function openTerminal(signal: AbortSignal): Terminal {
  const { env, stdout, stderr } = process;
  endQuietlyWhenPipeCloses(stdout);
  endQuietlyWhenPipeCloses(stderr);
  const isTty = stderr.isTTY;
  const paint = createPaint(isTty && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb');
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${paint(line)}\n`),
    paint,
    barStream: isTty && env.TERM !== 'dumb' ? stderr : null,
    env,
    cwd: process.cwd(),
    command: findCommandName(process.argv[1], env),
    clock: systemClock,
    signal,
  };
}

/** Good is green, bad red, doubtful yellow; nothing else has a colour. */
export function createPaint(isColoured: boolean): (line: string) => string {
  const { green, red, yellow } = colors.createColors(isColoured);
  const marks: Readonly<Record<string, (text: string) => string>> = { '✓': green, '✗': red, '⚠': yellow };
  return (line) => {
    const mark = marks[line.trimStart().charAt(0)];
    return mark === undefined ? line : mark(line);
  };
}

/** `comfleet tasks list | head -1`: the reader has gone, which is no failure. */
function endQuietlyWhenPipeCloses(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
