import { chmod, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { startMariadb } from '../e2e/services/private-mariadb.mjs';
import { startPostgres } from '../e2e/services/private-postgres.mjs';

/** @typedef {{ name: string, config: object, stop: () => Promise<unknown> }} DatabaseServer `config` is the `database:` block of a configuration */

const SERVERS = [
  { name: 'PostgreSQL', driver: 'postgres', start: startPostgres },
  { name: 'MariaDB', driver: 'mysql', start: startMariadb },
];

/** The database servers this machine can start, each with a function that starts a private instance. */
export function listDatabaseServers() {
  return SERVERS.map(({ name, driver, start }) => ({
    name,
    /** Throws when it is not installed. @param {string} folder @returns {Promise<DatabaseServer>} */
    async open(folder) {
      // A server may run under its own account, which must be able to reach its folder.
      await chmod(folder, 0o711);
      const own = await mkdtemp(join(folder, `${driver}-`));
      const password = 'bench';
      const server = await start(own, password);
      const { hostname, port, username, pathname } = new URL(server.url);
      const account = { host: hostname, port: Number(port), user: username, password };
      return { name, config: { driver, ...account, database: pathname.slice(1) }, stop: () => server.stop() };
    },
  }));
}
