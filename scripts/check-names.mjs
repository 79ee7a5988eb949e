// Refuses meaningless names of files and declarations (docs/architecture.md has the words we use).
import './require-node.mjs';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findDeclarationProblems, findNameProblem } from './banned-names.mjs';
import { root, runCommand } from './workspace.mjs';

const listing = await runCommand('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
if (listing.code !== 0) {
  process.stdout.write(`git ls-files failed:\n${listing.output}`);
  process.exit(1);
}
const files = listing.output
  .split('\n')
  .filter((path) => /\.(?:ts|mjs|js|cjs|vue)$/.test(path) && existsSync(join(root, path)));
const problems = files.flatMap((path) => {
  const nameProblem = findNameProblem(path);
  const isSource = path.startsWith('packages/');
  const inside = isSource ? findDeclarationProblems(path, readFileSync(join(root, path), 'utf8')) : [];
  return nameProblem ? [nameProblem, ...inside] : inside;
});
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
