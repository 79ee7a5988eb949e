import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { findBinary } from '../../../../e2e/services/binaries.mjs';
import { startMariadb } from '../../../../e2e/services/private-mariadb.mjs';
import { startPostgres } from '../../../../e2e/services/private-postgres.mjs';
import { chooseAccount, startServer } from '../../../../e2e/services/service-process.mjs';

/** A private database server of a test, on a fixed port, to be killed and restarted. */
export interface PrivateServer {
  url: URL;
  /** Sends a signal to all its processes. */
  kill(signal: NodeJS.Signals): void;
  /** Stops all of them until SIGCONT; resolves once none of their threads runs, which is later than the signal. */
  freeze(): Promise<void>;
  start(): Promise<void>;
  /** Kills it and removes its files. */
  drop(): Promise<void>;
}

interface Kind {
  account: string;
  program: string;
  args: (folder: string, port: string) => string[];
  startFirst: (
    folder: string,
    password: string,
  ) => Promise<{ url: string; pid: number; stop: () => Promise<void> }>;
  connect: (url: string) => Promise<void>;
}

const kinds: Record<'postgres' | 'mariadb', Kind> = {
  postgres: {
    account: 'postgres',
    program: 'postgres',
    args: (folder, port) => [
      ...['-D', join(folder, 'data'), '-p', port, '-c', 'listen_addresses=127.0.0.1'],
      ...['-c', `unix_socket_directories=${folder}`],
    ],
    startFirst: startPostgres,
    connect: async (connectionString) => {
      const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 });
      client.on('error', () => {
        // Still starting; the failed connect reports it.
      });
      await client.connect();
      await client.end();
    },
  },
  mariadb: {
    account: 'mysql',
    program: 'mariadbd',
    args: (folder, port) => [
      ...['--no-defaults', `--datadir=${join(folder, 'data')}`, `--socket=${join(folder, 'mariadb.sock')}`],
      ...[`--pid-file=${join(folder, 'mariadb.pid')}`, `--port=${port}`, '--bind-address=127.0.0.1'],
      ...['--skip-name-resolve', '--innodb-log-file-size=32M'],
    ],
    startFirst: startMariadb,
    connect: async (uri) => {
      const connection = await mysql.createConnection({ uri, connectTimeout: 2000 });
      await connection.end();
    },
  },
};

export async function startPrivateServer(name: 'postgres' | 'mariadb'): Promise<PrivateServer> {
  const kind = kinds[name];
  const root = await mkdtemp(join(tmpdir(), 'comfleet-private-'));
  // The server runs under its own account, which must be able to reach its folder.
  await chmod(root, 0o711);
  const folder = join(root, name);
  const account = chooseAccount(kind.account);
  const password = randomBytes(8).toString('hex');
  let running = await kind.startFirst(folder, password);
  const url = new URL(running.url);
  const program = findBinary(kind.program);
  if (!program) throw new Error(`${kind.program} is not installed`);
  const listPids = () => [running.pid, ...listChildren(running.pid)];
  const kill = (signal: NodeJS.Signals) => {
    for (const pid of listPids()) process.kill(pid, signal);
  };
  return {
    url,
    kill,
    freeze: async () => {
      kill('SIGSTOP');
      const isRunning = () => listPids().some((pid) => listThreadStates(pid).some((state) => state !== 'T'));
      while (isRunning()) await setImmediate();
    },
    start: async () => {
      const connect = () => kind.connect(url.href);
      const args = kind.args(folder, url.port);
      const plan = { program, args, folder, account, stopSignal: 'SIGKILL' as const, url: url.href, connect };
      running = await startServer(plan);
    },
    drop: async () => {
      await running.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL has a child process for each connection. */
function listChildren(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** The state letter of each thread of a process; `T`: stopped. */
function listThreadStates(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((id) => {
    const file = `/proc/${pid}/task/${id}/stat`;
    // Skip threads that have ended since the list was read.
    const stat = existsSync(file) ? readFileSync(file, 'utf8') : '';
    // The name before the state may contain anything, even a bracket.
    return stat === '' ? [] : [stat.charAt(stat.lastIndexOf(')') + 2)];
  });
}
