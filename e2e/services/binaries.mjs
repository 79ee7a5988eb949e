import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders besides PATH where Debian and macOS put servers that are not meant to be typed. */
function extraFolders() {
  const folders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/usr/bin'];
  const postgresRoot = '/usr/lib/postgresql';
  try {
    const versions = readdirSync(postgresRoot).sort((a, b) => Number(b) - Number(a));
    for (const version of versions) folders.push(join(postgresRoot, version, 'bin'));
  } catch {
    // No Debian-style PostgreSQL here; PATH alone decides.
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

/** Path of a Chromium that tests can drive, or undefined; COMFLEET_TEST_CHROMIUM names another one. */
export function findChromium() {
  return process.env.COMFLEET_TEST_CHROMIUM || findBinary('chromium', 'chromium-browser', 'google-chrome');
}

/**
 * What the tests can use, the programs each needs, and the Debian package that brings them.
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
