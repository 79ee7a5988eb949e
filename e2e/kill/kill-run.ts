import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseConfig } from '../services/databases.ts';
import { KillClient } from './client.ts';
import { ClientLedger } from './client-ledger.ts';
import { killServer } from './kill-server.ts';
import type { Ledgers } from './ledgers.ts';
import { type KillPlan, type PlannedKill, STOP } from './plan.ts';
import {
  type InFlight,
  loadEnds,
  loadFailures,
  loadInFlight,
  readSqlLedger,
  withDatabase,
} from './read-sql.ts';
import { ServerProcess } from './server-process.ts';
import { startWorker, type WorkerProcess } from './worker-process.ts';

const WORKERS = 4;
/** Open tasks per client: in total far more than the workers accept. */
const AT_A_TIME = 24;

/** One death of the server: what was in flight, and how the next life resumed it. */
export interface Kill extends PlannedKill {
  inFlight: InFlight;
  restartedAtMs: number;
  /** From the start of the next process until it listened; null if it was killed before that. */
  listeningAfterMs: number | null;
}

export interface KillReport {
  ledgers: Ledgers;
  kills: Kill[];
  /** Errors of failed tasks. */
  failures: string[];
  /** Per kill, ms from the restart until the first open attempt ended; null if none ended before the next kill. */
  recoveryMs: (number | null)[];
  durationMs: number;
  exitCode: number | null;
}

export interface KillOptions {
  /** Workers are given on the server's command line, not in its configuration. */
  onCommandLine?: boolean;
  /** What else to do while the server is dead. */
  afterKill?: (workers: readonly WorkerProcess[]) => Promise<void>;
}

/** Runs a plan: clients submit while the server dies and restarts; ends when every client has seen all its tasks end. */
export async function runKills(
  plan: KillPlan,
  database: DatabaseConfig,
  options: KillOptions = {},
): Promise<KillReport> {
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-kill-'));
  const server = new ServerProcess(folder);
  const workers: WorkerProcess[] = [];
  const begunMs = Date.now();
  try {
    const names = Array.from({ length: WORKERS }, (_, index) => `w${index + 1}`);
    workers.push(...(await Promise.all(names.map((name) => startWorker(folder, name)))));
    const urls = workers.map(({ url }) => url);
    await server.configure(database, urls, options.onCommandLine ? 'command line' : 'file');
    await server.start(null);
    const ledger = new ClientLedger();
    const clients = await createClients(plan, server, ledger);
    await server.stop();
    const [first] = plan.kills;
    await server.start(first ?? null);
    armWhenBusy({ server, ledger }, first ?? null);
    const finished = Promise.all(
      clients.map((client, index) => client.run(plan.clients[index] ?? [], AT_A_TIME)),
    ).then(() => 'finished' as const);
    const kills = await killAll({
      plan,
      server,
      database,
      finished,
      ledger,
      afterKill: () => options.afterKill?.(workers),
    });
    await finished;
    await repeatAll(plan, clients);
    const { code } = await server.stop();
    const { sql, ends, failures } = await withDatabase(database, async (opened) => ({
      sql: await readSqlLedger(opened, server.dataDir),
      ends: await loadEnds(opened),
      failures: await loadFailures(opened),
    }));
    const workerEntries = (await Promise.all(workers.map((worker) => worker.readLedger()))).flat();
    return {
      ledgers: { clients: ledger.entries, sql, workers: workerEntries },
      kills,
      failures,
      recoveryMs: kills.map((kill, index) => findRecovery(kill, kills[index + 1], ends)),
      durationMs: Date.now() - begunMs,
      exitCode: code,
    };
  } finally {
    await server.kill();
    await Promise.all(workers.map((worker) => worker.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** Registers the clients, each with the grant to run raw graphs. */
async function createClients(
  plan: KillPlan,
  server: ServerProcess,
  ledger: ClientLedger,
): Promise<KillClient[]> {
  const { address } = await server.whenUp();
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${address.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${address.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, string>;
  };
  const clients: KillClient[] = [];
  for (const index of plan.clients.keys()) {
    const name = `client ${index + 1}`;
    const made = await post('/api/v2/auth/register', { client_name: name });
    await post(`/api/v2/admin/clients/${made.client_id}/grants`, { grants: ['raw_graph'] });
    const { client_id: clientId, client_secret: secret } = made;
    const { access_token: token = '' } = await post('/api/v2/auth/token', {
      client_id: clientId,
      client_secret: secret,
    });
    clients.push(new KillClient({ name, token, server, ledger }));
  }
  return clients;
}

interface Killing {
  plan: KillPlan;
  server: ServerProcess;
  database: DatabaseConfig;
  finished: Promise<'finished'>;
  ledger: ClientLedger;
  afterKill: () => Promise<void> | undefined;
}

async function killAll(killing: Killing): Promise<Kill[]> {
  const { plan, server } = killing;
  const kills: Kill[] = [];
  for (const [index, kill] of plan.kills.entries()) {
    const inFlight = kill.place === STOP ? await stopServer(killing, kill) : await killServer(killing, kill);
    await killing.afterKill();
    const restartedAtMs = Date.now();
    const next = plan.kills[index + 1] ?? null;
    const listens = await server.start(next);
    armWhenBusy(killing, next);
    const listeningAfterMs = listens ? Date.now() - restartedAtMs : null;
    kills.push({ ...kill, inFlight, restartedAtMs, listeningAfterMs });
  }
  return kills;
}

/** Passes of a failpoint count once the clients have seen this many tasks running; the workers have room for 32. */
const BUSY = 26;

function armWhenBusy({ server, ledger }: Pick<Killing, 'server' | 'ledger'>, kill: PlannedKill | null): void {
  if (kill?.when === 'busy') void ledger.waitForRunning(BUSY).then(() => server.armKill());
}

/** Stops the server cleanly once enough tasks have ended. */
async function stopServer(killing: Killing, kill: PlannedKill): Promise<InFlight> {
  const { server, database, finished, ledger } = killing;
  const exit = await Promise.race([ledger.waitForEnds(kill.count).then(() => server.stop()), finished]);
  if (exit === 'finished') throw new Error(`all tasks ended before ${kill.place}:${kill.count}`);
  if (exit.code !== 0) throw new Error(`the server ended with ${exit.code ?? exit.signal}:\n${exit.tail}`);
  return withDatabase(database, loadInFlight);
}

/** Sends every key once more at the end: each must return the task it created. */
async function repeatAll(plan: KillPlan, clients: readonly KillClient[]): Promise<void> {
  for (const [index, client] of clients.entries()) {
    for (const task of plan.clients[index] ?? []) await client.submit(task);
  }
}

function findRecovery(kill: Kill, next: Kill | undefined, ends: ReadonlyMap<string, number>): number | null {
  const until = next?.restartedAtMs ?? Number.POSITIVE_INFINITY;
  const after = kill.inFlight.attempts
    .map((id) => ends.get(id) ?? Number.POSITIVE_INFINITY)
    .filter((atMs) => atMs < until);
  return after.length === 0 ? null : Math.min(...after) - kill.restartedAtMs;
}
