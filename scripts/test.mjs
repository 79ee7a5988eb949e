// npm test: installs and builds what is needed, runs every test, and ends with `N passed, N failed, N skipped`.
// Options after `--`: --no-install, --project unit|integration|e2e|web, --only <part of a file's path>.
import './require-node.mjs';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWorkspace } from './build-workspace.mjs';
import { toCountsLine } from './counts-reporter.mjs';
import { installPackages, isInstalled, root, runTool } from './workspace.mjs';

/** @typedef {import('./counts-reporter.mjs').Counts} Counts */

const { values: options } = parseArgs({
  options: {
    'no-install': { type: 'boolean', default: false },
    project: { type: 'string', multiple: true, default: [] },
    only: { type: 'string', multiple: true, default: [] },
  },
});

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}

/** The counts of a run that could not start or broke off. @param {string} failure @returns {Counts} */
function toSingleFailure(failure) {
  return { passed: 0, failed: 1, skipped: 0, failures: [failure], skips: [] };
}

/** Installs and builds; returns the reason if that failed. @returns {Promise<string | undefined>} */
async function prepare() {
  if (!isInstalled()) {
    if (options['no-install'])
      return 'node_modules does not match package-lock.json, and --no-install forbids npm ci';
    print('Installing packages …');
    const install = await installPackages();
    if (install.code !== 0) return `npm ci failed:\n${install.output}`;
  }
  const onlyUnit = options.project.length > 0 && options.project.every((project) => project === 'unit');
  if (!onlyUnit) {
    // Loaded on demand: unit tests alone do not need it.
    const { bringTestPrograms } = await import('./test-programs.mjs');
    await bringTestPrograms({ mayInstall: !options['no-install'] });
  }
  const build = await buildWorkspace({ onStart: (part) => print(`Building the ${part} …`) });
  return build.ok ? undefined : `the build failed:\n${build.output}`;
}

/** Runs vitest and reads the reporter's counts. @param {string} folder @returns {Promise<Counts>} */
async function runVitest(folder) {
  const countsPath = join(folder, 'counts.json');
  const projects = options.project.flatMap((project) => ['--project', project]);
  const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts/counts-reporter.mjs')}`];
  const run = await runTool('vitest/vitest.mjs', ['run', ...reporters, ...projects, ...options.only], {
    inherit: true,
    env: { COMFLEET_TEST_COUNTS: countsPath, ...(!process.stdout.isTTY && { NO_COLOR: '1' }) },
  });
  if (!existsSync(countsPath)) return toSingleFailure(`vitest ended with ${run.code} before any result`);
  /** @type {Counts} */
  const counts = JSON.parse(readFileSync(countsPath, 'utf8'));
  if (run.code !== 0 && counts.failed === 0) {
    counts.failed = 1;
    counts.failures.push(`vitest ended with ${run.code} although no test failed`);
  }
  if (counts.passed + counts.failed + counts.skipped === 0) return toSingleFailure('no test was found');
  return counts;
}

/** @param {Counts} counts */
function report(counts) {
  if (counts.skips.length > 0) print('Skipped:');
  for (const skip of counts.skips) print(`  ${skip.title}\n    because: ${skip.reason}`);
  // Last, so that a truncated log still shows what failed.
  if (counts.failures.length > 0) print('Failed:');
  for (const failure of counts.failures) print(`  ${failure}`);
  print(toCountsLine(counts));
}

const folder = mkdtempSync(join(tmpdir(), 'comfleet-test-'));
try {
  const problem = await prepare();
  const counts = problem === undefined ? await runVitest(folder) : toSingleFailure(problem);
  report(counts);
  process.exitCode = counts.failed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
