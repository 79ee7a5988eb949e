#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { openTerminal } from './platform/terminal.ts';
import { runCli } from './run-cli.ts';

/** The first Ctrl-C asks everything to stop; a second one ends the process at once. */
function listenForStop(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error(`Interrupted by ${name}`));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return stop.signal;
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
process.exitCode = await runCli(process.argv.slice(2), openTerminal(listenForStop()), version);
