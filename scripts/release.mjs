// npm run release -- VERSION: sets the version of every package and of the changelog; changes only files, and prints the next steps.
import './require-node.mjs';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findReleaseProblem, releaseChangelog, setVersions } from './changelog.mjs';
import { root, runCommand } from './workspace.mjs';

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** @param {string} path @param {unknown} value */
function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

/** @param {string} problem @returns {never} */
function refuse(problem) {
  process.stderr.write(`No release: ${problem}.\n`);
  process.exit(1);
}

const [next, ...rest] = process.argv.slice(2);
if (next === undefined || rest.length > 0) refuse('name one version: npm run release -- 1.2.3');

const status = await runCommand('git', ['status', '--porcelain']);
if (status.code !== 0) refuse(`git status failed: ${status.output.trim()}`);
if (status.output !== '') refuse('there are changes that are not committed');

const changelogPath = join(root, 'CHANGELOG.md');
const changelog = readFileSync(changelogPath, 'utf8');
const folders = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`);
const places = ['.', ...folders, 'e2e', 'bench', 'examples'].filter((folder) =>
  existsSync(join(root, folder, 'package.json')),
);
const manifests = places.map((place) => ({ place, manifest: readJson(join(root, place, 'package.json')) }));
const problem = findReleaseProblem({
  changelog,
  current: readJson(join(root, 'package.json')).version,
  next,
});
if (problem !== undefined) refuse(problem);

const names = new Set(manifests.map(({ manifest }) => manifest.name));
for (const { place, manifest } of manifests) {
  writeJson(join(root, place, 'package.json'), setVersions(manifest, next, names));
}
const lockPath = join(root, 'package-lock.json');
const lockfile = readJson(lockPath);
for (const { place, manifest } of manifests) {
  const key = place === '.' ? '' : place;
  const { name = manifest.name, ...entry } = lockfile.packages[key];
  const { name: _, ...changed } = setVersions({ name: manifest.name, ...entry }, next, names);
  lockfile.packages[key] = lockfile.packages[key].name === undefined ? changed : { name, ...changed };
}
writeJson(lockPath, { ...lockfile, version: next });
writeFileSync(changelogPath, releaseChangelog(changelog, next, new Date().toISOString().slice(0, 10)));
process.stdout.write(
  `Version ${next} is set in ${places.length} packages, the lockfile and CHANGELOG.md. Next:\n` +
    `  npm ci && npm run check && npm test\n  git commit -am "Release ${next}" && git tag v${next}\n`,
);
