import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders outside PATH where Debian and macOS install server programs. */
function extraFolders() {
  const folders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/bin'];
  const postgresRoot = '/usr/lib/postgresql';
  try {
    const versions = readdirSync(postgresRoot).sort((a, b) => Number(b) - Number(a));
    for (const version of versions) folders.push(join(postgresRoot, version, 'bin'));
  } catch {
    // No Debian-style PostgreSQL: only PATH is searched.
  }
  return folders;
}

/** @param {string} path */
function isExecutableFile(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The full path of the first of these programs that exists, or undefined.
 * @param {string[]} names
 * @returns {string | undefined}
 */
export function findBinary(...names) {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...extraFolders()];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (isExecutableFile(path)) return path;
    }
  }
  return undefined;
}

/** Path of a Chromium for the tests, or undefined; COMFLEET_TEST_CHROMIUM overrides it. */
export function findChromium() {
  return process.env.COMFLEET_TEST_CHROMIUM || findBinary('chromium', 'chromium-browser', 'google-chrome');
}

/**
 * The services that tests can use, with the programs each needs and their Debian package.
 * @type {readonly { name: string, debianPackage: string, isPresent: () => boolean }[]}
 */
export const testPrograms = [
  {
    name: 'PostgreSQL',
    debianPackage: 'postgresql',
    isPresent: () => Boolean(findBinary('initdb') && findBinary('postgres')),
  },
  {
    name: 'MariaDB',
    debianPackage: 'mariadb-server',
    isPresent: () => Boolean(findBinary('mariadb-install-db') && findBinary('mariadbd')),
  },
  { name: 'Redis', debianPackage: 'redis-server', isPresent: () => Boolean(findBinary('redis-server')) },
  { name: 'Chromium', debianPackage: 'chromium', isPresent: () => Boolean(findChromium()) },
];
