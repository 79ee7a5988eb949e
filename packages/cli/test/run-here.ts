import { systemClock } from '../src/platform/clock.ts';
import type { Terminal } from '../src/platform/terminal.ts';
import { runCli } from '../src/run-cli.ts';

export interface HereOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Sends Ctrl-C as soon as a line matches. */
  readonly until?: RegExp;
}

export interface HereResult {
  readonly status: number;
  /** Everything the user saw, results and progress together. */
  readonly lines: readonly string[];
}

/** Runs the command's sources in this process, with a terminal that records its output. */
export async function runHere(args: readonly string[], options: HereOptions = {}): Promise<HereResult> {
  const { env = {}, cwd = '/nowhere', until } = options;
  const lines: string[] = [];
  const stop = new AbortController();
  const write = (text: string): void => {
    lines.push(...text.split('\n'));
    if (until?.test(text) === true) stop.abort(new Error('Ctrl-C'));
  };
  const terminal: Terminal = {
    out: write,
    err: write,
    paint: (line) => line,
    barStream: null,
    env,
    cwd,
    command: 'npx comfleet',
    clock: systemClock,
    signal: stop.signal,
  };
  return { status: await runCli(args, terminal, '0.0.0'), lines };
}
