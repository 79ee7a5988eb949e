import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface CliResult {
  readonly status: number | null;
  readonly out: string[];
  readonly err: string[];
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
}

function start(args: readonly string[], { cwd, env = {} }: CliOptions) {
  const clean = { PATH: process.env.PATH ?? '', HOME: cwd, LANG: 'en_US.UTF-8', ...env };
  const child = spawn(process.execPath, [ENTRY, ...args], {
    cwd,
    env: clean,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk;
  });
  return { child, text };
}

const toLines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** Runs the built command to its end. */
export async function runComfleet(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const { child, text } = start(args, options);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, out: toLines(text.out), err: toLines(text.err) };
}

/** A `comfleet up` or `sim` that runs; `lineOf` waits for a line of its output. */
export function startComfleet(args: readonly string[], options: CliOptions) {
  const { child, text } = start(args, options);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const lineOf = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = [...toLines(text.out), ...toLines(text.err)].find((line) => pattern.test(line));
      if (found !== undefined) return found;
      const ended = await Promise.race([
        closed.then(() => true),
        once(child.stdout, 'data').then(() => false),
        once(child.stderr, 'data').then(() => false),
      ]);
      if (ended) throw new Error(`ended without ${String(pattern)}:\n${text.out}\n${text.err}`);
    }
  };
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill('SIGINT');
    return (await closed)[0];
  };
  return { lineOf, stop, child, closed };
}

/** A running server with two simulated workers in a folder of its own; its data lie where the command looks for them. */
export async function openFleet(env: Record<string, string> = {}) {
  const cwd = await mkdtemp(join(tmpdir(), 'comfleet-cli-test-'));
  const server = startComfleet(['up', '--port', '0', '--no-example'], { cwd, env });
  await server.lineOf(/code=/);
  const credential = JSON.parse(await readFile(join(cwd, '.comfleet', 'credential.json'), 'utf8')) as {
    url: string;
    token: string;
  };
  const run = (...args: string[]) => runComfleet(args, { cwd });
  const close = async (): Promise<number | null> => {
    const status = await server.stop();
    await rm(cwd, { recursive: true });
    return status;
  };
  return { cwd, credential, run, close };
}
