// Durable commits and blobs per second on this machine: `node bench/database-spike.mjs [--seconds 3] [--json]`.
// Build first (npx tsc -b). `--only disk,blobs,sqlite,postgres,mysql` chooses. PostgreSQL and MariaDB are private instances; one that is not installed is skipped with a message.
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { openDatabase, Scope, silentLogger, systemClock, systemRandom } from '@comfleet/server';
import { startMariadb } from '../e2e/services/private-mariadb.mjs';
import { startPostgres } from '../e2e/services/private-postgres.mjs';
import { openFolderBlobs } from '../packages/server/dist/flow/assets/folder-blob-store.js';

/** @typedef {Parameters<typeof openDatabase>[1]['database']} DatabaseConfig */
/** @typedef {import('@comfleet/server').Database<import('@comfleet/server').Tables>} Database */
/** @typedef {import('@comfleet/contract').TaskId} TaskId */
/** @typedef {{ what: string, inFlight: number, perSecond: number, p50Ms: number, p99Ms: number }} Row */

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: 'disk,blobs,sqlite,postgres,mysql' },
    /** Maximum commits per transaction and maximum concurrent transactions on a database server; default: those of the product. */
    group: { type: 'string' },
    lanes: { type: 'string' },
  },
});
const runMs = Number(values.seconds) * 1000;

/**
 * Repeats `step`, `inFlight` at a time, for the configured time.
 * @param {string} what
 * @param {number} inFlight
 * @param {(lane: number, turn: number) => Promise<void>} step
 * @returns {Promise<Row>}
 */
async function measure(what, inFlight, step) {
  /** @type {number[]} */
  const took = [];
  const start = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async (_value, lane) => {
      for (let turn = 0; performance.now() - start < runMs; turn += 1) {
        const before = performance.now();
        await step(lane, turn);
        took.push(performance.now() - before);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  took.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => Number((took[Math.floor(took.length * share)] ?? 0).toFixed(2));
  return { what, inFlight, perSecond: Math.round(took.length / seconds), p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** @param {string} folder @returns {Promise<Row[]>} */
async function measureDisk(folder) {
  const file = await open(join(folder, 'fsync'), 'w');
  const page = Buffer.alloc(4096, 1);
  const row = await measure('write 4 KiB and fdatasync', 1, async (_lane, turn) => {
    await file.write(page, 0, page.length, (turn % 1000) * page.length);
    await file.datasync();
  });
  await file.close();
  return [row];
}

/** @param {string} folder @returns {Promise<Row[]>} */
async function measureBlobs(folder) {
  const scope = new Scope('spike', systemClock, silentLogger);
  let names = 0;
  const createName = () => {
    names += 1;
    return `part-${names}`;
  };
  const nowMs = () => systemClock.nowMs();
  const store = openFolderBlobs(scope, {
    folder: join(folder, 'blobs'),
    durability: 'power',
    syncsFolders: true,
    createName,
    nowMs,
  });
  const template = randomBytes(300_000);
  const put = async () => {
    const bytes = Buffer.concat([randomBytes(16), template]);
    async function* stream() {
      yield bytes;
    }
    await store.put(stream(), { maxBytes: 1_000_000 });
  };
  try {
    await put();
    return [await measure('blob of 300 kB, synced', 1, put), await measure('blob of 300 kB, synced', 8, put)];
  } finally {
    await scope.close();
  }
}

/**
 * The cost of one step of a task: a guarded update and an event in one durable commit.
 * @param {string} name @param {DatabaseConfig} config @returns {Promise<Row[]>}
 */
async function measureDatabase(name, config) {
  const scope = new Scope('spike', systemClock, silentLogger);
  try {
    const tuning = {
      ...(values.group ? { groupSize: Number(values.group) } : {}),
      ...(values.lanes ? { lanes: Number(values.lanes) } : {}),
    };
    const deps = { clock: systemClock, random: systemRandom, logger: silentLogger, ...tuning };
    const database = await openDatabase(scope, { database: config, durability: 'power' }, deps);
    const rows = [];
    for (const inFlight of [1, 8, 64]) {
      const prefix = `${inFlight}-`;
      await prepareRows(database, prefix, inFlight);
      const step = (/** @type {number} */ lane, /** @type {number} */ turn) =>
        commitStep(database, `${prefix}${lane}`, turn);
      rows.push(await measure(`${name}: guarded update + event`, inFlight, step));
    }
    return rows;
  } finally {
    await scope.close();
  }
}

/** @param {Database} database @param {string} prefix @param {number} count */
async function prepareRows(database, prefix, count) {
  const writes = Array.from({ length: count }, (_value, lane) => ({
    query: database.k.insertInto('setting').values({ name: `${prefix}${lane}`, value: '0' }),
    rows: 1,
  }));
  await database.commit(writes);
}

/** @param {Database} database @param {string} id @param {number} turn */
async function commitStep(database, id, turn) {
  const event = {
    ...{
      task_id: /** @type {TaskId} */ (id),
      number: turn,
      type: /** @type {const} */ ('task.queued'),
      at: database.nowMs(),
    },
    ...{ state: /** @type {const} */ ('queued'), actor: 'spike', attempt_id: null, attempt_number: null },
    ...{ worker_id: null, prompt_id: null, held_reason: null, error: null, details: '{"spike":true}' },
  };
  const outcome = await database.commit([
    {
      query: database.k
        .updateTable('setting')
        .set({ value: String(turn + 1) })
        .where('name', '=', id)
        .where('value', '=', String(turn)),
      rows: 1,
    },
    { query: database.k.insertInto('task_event').values(event), rows: 1 },
  ]);
  if (outcome.kind !== 'committed') throw new Error(`refused: ${outcome.reason}`);
}

/**
 * @param {'postgres' | 'mysql'} driver @param {typeof startPostgres} start @param {string} folder
 * @returns {Promise<Row[]>}
 */
async function measureServer(driver, start, folder) {
  let server;
  try {
    server = await start(join(folder, driver), 'spike');
  } catch (error) {
    process.stderr.write(`${driver} is skipped: ${error instanceof Error ? error.message : error}\n`);
    return [];
  }
  try {
    const { hostname, port, username, pathname } = new URL(server.url);
    const address = { host: hostname, port: Number(port), user: username, password: 'spike' };
    const config = { driver, ...address, database: pathname.slice(1), poolSize: 10 };
    return await measureDatabase(driver, config);
  } finally {
    await server.stop();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'comfleet-spike-'));
await chmod(folder, 0o711);
try {
  const measures = {
    disk: () => measureDisk(folder),
    blobs: () => measureBlobs(folder),
    sqlite: () => measureDatabase('sqlite', { driver: 'sqlite', file: join(folder, 'spike.db') }),
    postgres: () => measureServer('postgres', startPostgres, folder),
    mysql: () => measureServer('mysql', startMariadb, folder),
  };
  const wanted = values.only.split(',');
  const rows = [];
  for (const [name, measureOne] of Object.entries(measures)) {
    if (wanted.includes(name)) rows.push(...(await measureOne()));
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else console.table(rows);
} finally {
  await rm(folder, { recursive: true, force: true });
}
