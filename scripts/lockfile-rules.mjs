/**
 * @typedef {{ version?: string, resolved?: string, link?: boolean, dev?: boolean, optional?: boolean, os?: string[],
 *   cpu?: string[], libc?: string[], optionalDependencies?: Record<string, string> }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages
 */

const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'openbsd',
  'netbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];
const exactVersion = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** The platform of a native package, from its name: `…-linux-x64-musl`. @param {string} name */
function readPlatform(name) {
  const words = name.slice(name.lastIndexOf('/') + 1).split('-');
  const os = words.filter((word) => systems.includes(word));
  const cpu = words.filter((word) => processors.includes(word));
  const libc = words.flatMap((word) =>
    word === 'musl' ? ['musl'] : word.startsWith('gnu') ? ['glibc'] : [],
  );
  return { ...(cpu.length > 0 && { cpu }), ...(os.length > 0 && { os }), ...(libc.length > 0 && { libc }) };
}

/** True if Node resolves the package from there. @param {LockedPackages} packages @param {string} from @param {string} name */
function isLocked(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder}${folder ? '/' : ''}node_modules/${name}`]) return true;
    if (folder === '' || !folder.includes('/node_modules/')) return Boolean(packages[`node_modules/${name}`]);
  }
}

/**
 * Optional packages that their parents declare but the lockfile lacks, with the entry that each should have.
 * @param {LockedPackages} packages
 * @returns {{ path: string, entry: LockedPackage }[]}
 */
export function findMissingOptionals(packages) {
  /** @type {Map<string, LockedPackage>} */
  const missing = new Map();
  for (const [from, parent] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      if (!exactVersion.test(version) || isLocked(packages, from, name)) continue;
      const entry = { version, ...readPlatform(name), ...(parent.dev && { dev: true }), optional: true };
      missing.set(`node_modules/${name}`, entry);
    }
  }
  return [...missing].map(([path, entry]) => ({ path, entry }));
}

/** Problems of a lockfile, one line each. @param {LockedPackages} packages @returns {string[]} */
export function findLockfileProblems(packages) {
  const hosts = Object.entries(packages)
    .filter(([, entry]) => !entry.link && entry.resolved !== undefined)
    .map(([path, entry]) => `${path} names where it was downloaded: ${entry.resolved}`);
  const missing = findMissingOptionals(packages).map(
    ({ path }) => `${path} is optional, and absent: run node scripts/lockfile.mjs --fix`,
  );
  return [...hosts, ...missing];
}
