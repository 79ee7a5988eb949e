#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { openTerminal } from './platform/terminal.ts';
import { runCli } from './run-cli.ts';

/** Longest wait for everything to stop, and for what a stopped command has left behind. */
const STOP_MS = 60_000;
const EXIT_MS = 10_000;

/** The first Ctrl-C asks everything to stop; a second one ends the process at once. SIGBREAK is Ctrl-Break, on Windows only. */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) end();
    stop.abort(new Error(`Interrupted by ${name}`));
    setTimeout(end, STOP_MS).unref();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const) process.on(name, onSignal);
  return stop.signal;
}

/**
 * `process.exit` waits for threads of the system's file calls, and one that reads a dead network disk or a pipe never comes
 * back; what is stored survives this end as it does a loss of power.
 */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const stop = listenForStop();
process.exitCode = await runCli(process.argv.slice(2), openTerminal(stop), version);
if (stop.aborted) setTimeout(end, EXIT_MS).unref();
