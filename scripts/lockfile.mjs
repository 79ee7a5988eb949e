// Checks package-lock.json: it must name no registry, and must have every optional package of every platform, because
// `npm ci` refuses a lockfile that lacks one. npm omits those that its registry did not have at the time; `-- --fix`
// adds them again from what their parents declare.
import './require-node.mjs';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findLockfileProblems, findMissingOptionals } from './lockfile-rules.mjs';
import { root } from './workspace.mjs';

const path = join(root, 'package-lock.json');
const lockfile = JSON.parse(readFileSync(path, 'utf8'));

if (process.argv.includes('--fix')) {
  const missing = findMissingOptionals(lockfile.packages);
  Object.assign(lockfile.packages, Object.fromEntries(missing.map(({ path: at, entry }) => [at, entry])));
  const sorted = Object.entries(lockfile.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  lockfile.packages = Object.fromEntries(sorted);
  writeFileSync(path, `${JSON.stringify(lockfile, undefined, 2)}\n`);
  process.stdout.write(`Added ${missing.length} optional packages.\n`);
} else {
  const problems = findLockfileProblems(lockfile.packages);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
