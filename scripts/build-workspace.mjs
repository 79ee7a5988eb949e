import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { root, runTool } from './workspace.mjs';

/** @typedef {import('./workspace.mjs').CommandResult} CommandResult */
/** @typedef {{ ok: boolean, did: string[], output: string }} BuildResult */

const stampPath = join(root, 'node_modules/.cache/comfleet/build.json');
const browserPackages = ['contract', 'comfyui', 'sdk'];

/** Lists the files below these paths that the build reads. @param {string[]} paths @returns {string[]} */
function listFiles(paths) {
  return paths
    .filter((path) => existsSync(path))
    .flatMap((path) => {
      const entries = readdirSync(path, { withFileTypes: true });
      return entries.flatMap((entry) => {
        if (entry.name === 'node_modules' || entry.name === 'dist') return [];
        const child = join(path, entry.name);
        if (entry.isDirectory()) return listFiles([child]);
        return entry.name.endsWith('.test.ts') ? [] : [child];
      });
    })
    .sort();
}

/** @param {string[]} files */
function hashFiles(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    if (!existsSync(file)) continue;
    hash.update(`${relative(root, file)}\0`);
    hash.update(readFileSync(file));
    hash.update('\0');
  }
  return hash.digest('hex');
}

/** The packages that tsc builds: those with a tsconfig.json and sources, except the page. */
function listPackages() {
  return readdirSync(join(root, 'packages'))
    .filter((name) => name !== 'web' && existsSync(join(root, 'packages', name, 'tsconfig.json')))
    .filter((name) => listFiles([join(root, 'packages', name, 'src')]).some((file) => file.endsWith('.ts')))
    .sort();
}

/** The sources of the page, or undefined while it has no build. */
function listWebInputs() {
  const web = join(root, 'packages/web');
  const hasBuild = existsSync(join(web, 'vite.config.ts')) || existsSync(join(web, 'vite.config.js'));
  if (!hasBuild) return undefined;
  return listFiles([web, ...browserPackages.map((name) => join(root, 'packages', name, 'src'))]);
}

/** @returns {{ packages?: string, page?: string }} */
function readStamp() {
  try {
    return JSON.parse(readFileSync(stampPath, 'utf8'));
  } catch {
    // Never built, or the stamp is damaged: build.
    return {};
  }
}

/** @param {{ packages?: string, page?: string }} stamp */
function writeStamp(stamp) {
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, JSON.stringify(stamp));
}

/** True if the files that a package exports exist. @param {string} name */
function hasOutput(name) {
  const dist = join(root, 'packages', name, 'dist');
  return ['index.js', 'main.js'].some((file) => existsSync(join(dist, file)));
}

/** @param {string[]} packages */
function hashPackages(packages) {
  const folders = packages.map((name) => join(root, 'packages', name));
  const settings = ['tsconfig.json', 'tsconfig.base.json', 'package-lock.json'].map((name) =>
    join(root, name),
  );
  const sources = listFiles(folders.map((folder) => join(folder, 'src')));
  return hashFiles([...settings, ...folders.map((folder) => join(folder, 'tsconfig.json')), ...sources]);
}

/** Compiles every package that has sources. @param {string[]} packages */
function compile(packages) {
  const projects = packages.map((name) => `packages/${name}`);
  return runTool('typescript/bin/tsc', ['-b', ...projects]);
}

function markExecutable() {
  const entry = join(root, 'packages/cli/dist/main.js');
  if (existsSync(entry)) chmodSync(entry, 0o755);
}

/** One part to build: the hash of its sources, whether its output exists, and how to build it. @typedef {{ name: 'packages' | 'page', hash: string, hasOutput: boolean, build: () => Promise<CommandResult> }} Part */

/** @returns {Part[]} */
function listParts() {
  const packages = listPackages();
  const webInputs = listWebInputs();
  const web = join(root, 'packages/web');
  /** @type {Part[]} */
  const parts = [];
  if (packages.length > 0) {
    const hasAll = packages.every(hasOutput);
    parts.push({
      name: 'packages',
      hash: hashPackages(packages),
      hasOutput: hasAll,
      build: () => compile(packages),
    });
  }
  if (webInputs) {
    const hasPage = existsSync(join(web, 'dist/index.html'));
    const build = () => runTool('vite/bin/vite.js', ['build'], { cwd: web });
    parts.push({ name: 'page', hash: hashFiles(webInputs), hasOutput: hasPage, build });
  }
  return parts;
}

/**
 * Builds what changed since the last build: packages with tsc, then the page with vite. `did` lists the parts that
 * were built; `onStart` is called before each, so that the user knows what they are waiting for.
 * @param {{ onStart?: (part: string) => void, withPage?: boolean }} [options]
 * @returns {Promise<BuildResult>}
 */
export async function buildWorkspace({ onStart, withPage = true } = {}) {
  const stamp = readStamp();
  /** @type {string[]} */
  const did = [];
  for (const part of listParts()) {
    const isFresh = stamp[part.name] === part.hash && part.hasOutput;
    if (isFresh || (part.name === 'page' && !withPage)) continue;
    onStart?.(part.name);
    const result = await part.build();
    if (result.code !== 0) return { ok: false, did, output: result.output };
    did.push(part.name);
    stamp[part.name] = part.hash;
    writeStamp(stamp);
  }
  markExecutable();
  return { ok: true, did, output: '' };
}
