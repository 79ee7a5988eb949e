// Refuses phrases that a native reader stumbles over, in code, texts and documentation.
import './require-node.mjs';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPhraseProblems } from './banned-phrases.mjs';
import { root, runCommand } from './workspace.mjs';

/** The list of test titles, and the files that quote the phrases. */
const leftAlone = /^scripts\/banned-phrases|^docs\/style\.md$|^docs\/reference\/guarantees-tests\.md$/;

const listing = await runCommand('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
if (listing.code !== 0) {
  process.stdout.write(`git ls-files failed:\n${listing.output}`);
  process.exit(1);
}
const problems = listing.output
  .split('\n')
  .filter((path) => /\.(?:ts|mjs|js|cjs|vue|md|yaml|yml)$/.test(path) && !leftAlone.test(path))
  .filter((path) => existsSync(join(root, path)))
  .flatMap((path) => findPhraseProblems(path, readFileSync(join(root, path), 'utf8')));
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
