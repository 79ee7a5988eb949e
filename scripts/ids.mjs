// npm run ids: checks that every id in a test title and every cited fact exists; `-- --write` updates the list of tests.
import './require-node.mjs';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkIds } from './ids/check-ids.mjs';
import { root, runCommand } from './workspace.mjs';

const { values: options } = parseArgs({ options: { write: { type: 'boolean', default: false } } });

const listing = await runCommand('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
if (listing.code !== 0) {
  process.stdout.write(`git ls-files failed:\n${listing.output}`);
  process.exit(1);
}
/** @type {Map<string, string>} */
const files = new Map();
for (const path of listing.output.split('\n')) {
  const isRead = /\.(?:ts|mjs|js|cjs|vue|md)$/.test(path) && existsSync(join(root, path));
  if (isRead) files.set(path, readFileSync(join(root, path), 'utf8'));
}

const { problems, stale } = checkIds(files);
if (stale && options.write && problems.length === 0) writeFileSync(join(root, stale.path), stale.text);
else if (stale && problems.length === 0) {
  problems.push(`${stale.path} is out of date; renew it with: npm run ids -- --write`);
}
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
