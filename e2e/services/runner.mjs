// Owns the private servers of one test run: starts those named as arguments, prints one JSON line with their
// addresses, and stops them when its stdin closes. A test run that crashes or is killed closes that pipe too,
// so no server outlives it. It runs in a process group of its own: Ctrl-C reaches the tests first.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMariadb } from './private-mariadb.mjs';
import { startPostgres } from './private-postgres.mjs';
import { startRedis } from './private-redis.mjs';

/** @typedef {import('./service-process.mjs').RunningService} RunningService */

const starters = { postgres: startPostgres, mariadb: startMariadb, redis: startRedis };
const root = mkdtempSync(join(tmpdir(), 'comfleet-services-'));
chmodSync(root, 0o711);
const password = randomBytes(12).toString('hex');
const wanted = process.argv.slice(2);

/** @type {Map<string, RunningService>} */
const running = new Map();
/** @type {Record<string, { url: string } | { reason: string }>} */
const report = {};

const starting = Promise.all(
  wanted.map(async (name) => {
    const start = starters[/** @type {keyof typeof starters} */ (name)];
    try {
      const service = await start(join(root, name), password);
      running.set(name, service);
      report[name] = { url: service.url };
    } catch (error) {
      report[name] = { reason: error instanceof Error ? error.message : String(error) };
    }
  }),
).then(() => {
  const pids = Object.fromEntries([...running].map(([name, service]) => [name, service.pid]));
  writeFileSync(join(root, 'pids.json'), JSON.stringify({ runner: process.pid, ...pids }));
});

let isStopping = false;

async function stop() {
  if (isStopping) return;
  isStopping = true;
  await starting;
  await Promise.all([...running.values()].map((service) => service.stop()));
  rmSync(root, { recursive: true, force: true });
  process.exit(0);
}

process.stdin.resume();
process.stdin.once('end', stop);
process.stdin.once('error', stop);
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
process.stdout.on('error', stop);

await starting;
process.stdout.write(`${JSON.stringify(report)}\n`);
