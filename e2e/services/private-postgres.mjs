import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { findBinary } from './binaries.mjs';
import { chooseAccount, findFreePort, makeOwnedFolder, runToEnd, startServer } from './service-process.mjs';

/** @param {string} url */
async function connect(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {
    // A server that is still starting resets the connection; the failed connect below reports it.
  });
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * A private PostgreSQL with durable commits, on loopback; rejects when it is not installed or does not start.
 * @param {string} folder an empty folder
 * @param {string} password of the superuser `comfleet`
 */
export async function startPostgres(folder, password) {
  const initdb = findBinary('initdb');
  const program = findBinary('postgres');
  if (!initdb || !program) throw new Error('PostgreSQL is not installed');
  const account = chooseAccount('postgres');
  makeOwnedFolder(folder, account);
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const auth = ['-U', 'comfleet', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  await runToEnd(initdb, ['-D', data, ...auth, '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'], {
    cwd: folder,
    ...account,
  });
  rmSync(passwordFile);
  const port = await findFreePort();
  const url = `postgres://comfleet:${password}@127.0.0.1:${port}/postgres`;
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'shared_buffers=32MB',
    'max_connections=200',
    'fsync=on',
    'synchronous_commit=on',
  ];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  return startServer({
    program,
    args,
    folder,
    account,
    stopSignal: 'SIGINT',
    url,
    connect: () => connect(url),
  });
}
