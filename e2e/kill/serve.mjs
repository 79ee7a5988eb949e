import { startUp } from '@comfleet/server';

// Runs the server in its own process: node serve.mjs DATA_DIR CONFIG_FILE [WORKER_URL…]; prints what a user would see.
const [dataDir = '', config = '', ...workers] = process.argv.slice(2);
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => stop.abort());

process.exitCode = await startUp({
  dataDir,
  config,
  port: 0,
  workers,
  language: 'en',
  print: (line) => process.stdout.write(`${line}\n`),
  environment: process.env,
  signal: stop.signal,
});
