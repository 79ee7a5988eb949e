import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { findBinary } from './binaries.mjs';
import { chooseAccount, findFreePort, makeOwnedFolder, runToEnd, startServer } from './service-process.mjs';

/**
 * Waits for the server and creates the account of the tests; safe to repeat.
 * @param {string} socketPath
 * @param {string} password
 */
async function createAccount(socketPath, password) {
  const connection = await mysql.createConnection({ socketPath, user: 'root', connectTimeout: 2000 });
  try {
    await connection.query(`create user if not exists 'comfleet'@'127.0.0.1' identified by '${password}'`);
    await connection.query(`grant all privileges on *.* to 'comfleet'@'127.0.0.1' with grant option`);
  } finally {
    await connection.end();
  }
}

/**
 * A private MariaDB with durable commits, on loopback; rejects when it is not installed or does not start.
 * @param {string} folder an empty folder
 * @param {string} password of the account `comfleet`, which has all privileges
 */
export async function startMariadb(folder, password) {
  const install = findBinary('mariadb-install-db');
  const program = findBinary('mariadbd');
  if (!install || !program) throw new Error('MariaDB is not installed');
  const account = chooseAccount('mysql');
  makeOwnedFolder(folder, account);
  const data = join(folder, 'data');
  const setup = ['--no-defaults', `--datadir=${data}`, '--skip-test-db'];
  await runToEnd(install, [...setup, '--auth-root-authentication-method=normal'], {
    cwd: folder,
    ...account,
  });
  const port = await findFreePort();
  const socketPath = join(folder, 'mariadb.sock');
  const args = [
    '--no-defaults',
    `--datadir=${data}`,
    `--socket=${socketPath}`,
    `--pid-file=${join(folder, 'mariadb.pid')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--max-connections=200',
    '--innodb-buffer-pool-size=64M',
    '--innodb-log-file-size=32M',
    '--innodb-flush-log-at-trx-commit=1',
  ];
  const url = `mysql://comfleet:${password}@127.0.0.1:${port}/mysql`;
  const connect = () => createAccount(socketPath, password);
  return startServer({ program, args, folder, account, stopSignal: 'SIGTERM', url, connect });
}
