// node scripts/features.mjs <list.md> [group …]: which lines of a feature list (`- AB12 **must** …`) have a test whose
// title starts with their id, and which have none. A title may carry two ids: `AB1 AB2 sentence`.
import './require-node.mjs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runCommand } from './workspace.mjs';

const [listPath, ...groups] = process.argv.slice(2);
if (!listPath) {
  process.stdout.write('Usage: node scripts/features.mjs <list.md> [group …], for example WF TQ\n');
  process.exit(2);
}
const lines = readFileSync(listPath, 'utf8').matchAll(/^- ([A-Z]{2,5}\d+)\b/gm);
const listed = [...lines].map((match) => match[1] ?? '');
const wanted = listed.filter((id) => groups.length === 0 || groups.includes(id.replace(/\d+$/, '')));

const listing = await runCommand('git', [
  'ls-files',
  '--cached',
  '--others',
  '--exclude-standard',
  '*.test.ts',
]);
/** @type {Set<string>} */
const proven = new Set();
for (const path of listing.output.split('\n').filter(Boolean)) {
  const titles = readFileSync(join(root, path), 'utf8').matchAll(/['"`]((?:[A-Z]{2,5}\d+[ ,:]+){1,2})/g);
  for (const title of titles) for (const id of (title[1] ?? '').split(/[ ,:]+/)) proven.add(id);
}
const open = wanted.filter((id) => !proven.has(id));
process.stdout.write(
  `With a test: ${wanted.length - open.length} of ${wanted.length}\nWithout: ${open.join(' ')}\n`,
);
