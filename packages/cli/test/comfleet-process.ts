import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '@comfleet/test-kit';

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

function start(args: readonly string[], { cwd, env = {} }: CliOptions): Program {
  const clean = { PATH: process.env.PATH ?? '', HOME: cwd, LANG: 'en_US.UTF-8', ...env };
  return Program.node([ENTRY, ...args], { cwd, env: clean });
}

/** Runs the built command to its end. */
export async function runComfleet(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const program = start(args, options);
  const { code } = await program.exited;
  return { status: code, out: program.output, err: program.errors };
}

/** Starts `comfleet up` or `sim`; `lineOf` waits for a line of its output. */
export function startComfleet(args: readonly string[], options: CliOptions) {
  const program = start(args, options);
  const lineOf = (pattern: RegExp): Promise<string> => program.waitForLine(pattern);
  const stop = async (): Promise<number | null> => (await program.stop('SIGINT')).code;
  const waitForExit = async (): Promise<number | null> => (await program.exited).code;
  return { lineOf, stop, waitForExit };
}

/**
 * A running server with two simulated workers in a new folder; its data are where the command looks for them. Not
 * startServer(), because these tests are about the command.
 */
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
