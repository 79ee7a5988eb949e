// npm run check: runs every check that a commit must pass; `-- --only <step>` runs one step.
import './require-node.mjs';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildWorkspace } from './build-workspace.mjs';
import { root, runCommand, runTool } from './workspace.mjs';

/** @typedef {{ code: number, output: string }} StepResult */

/** The existing folders with sources. */
function listSourceFolders() {
  const packages = readdirSync(join(root, 'packages')).flatMap((name) => [
    `packages/${name}/src`,
    `packages/${name}/test`,
  ]);
  return [...packages, 'e2e', 'bench', 'examples'].filter((path) => existsSync(join(root, path)));
}

/** Compiles the packages, then checks tests, programs and the page. @returns {Promise<StepResult>} */
async function checkTypes() {
  const tsc = await runTool('typescript/bin/tsc', ['-b', '--pretty', 'false']);
  if (tsc.code !== 0) return tsc;
  const tests = await runTool('typescript/bin/tsc', ['-p', 'tsconfig.tests.json', '--pretty', 'false']);
  if (tests.code !== 0) return tests;
  return runTool('vue-tsc/bin/vue-tsc.js', ['--noEmit', '-p', 'packages/web/tsconfig.json']);
}

/** Unit tests run against the built packages: they import what is published. */
async function runUnitTests() {
  const build = await buildWorkspace({ withPage: false });
  if (!build.ok) return { code: 1, output: build.output };
  return runTool('vitest/vitest.mjs', ['run', '--project', 'unit', '--project', 'web'], {
    env: { NO_COLOR: '1' },
  });
}

/** The cheap ones first; lint after types because its typed rules read the built declarations. */
const steps = [
  {
    name: 'format',
    run: () =>
      runTool('@biomejs/biome/bin/biome', ['check', '--diagnostic-level=warn', '--error-on-warnings', '.']),
  },
  { name: 'names', run: () => runCommand(process.execPath, ['scripts/check-names.mjs']) },
  { name: 'phrases', run: () => runCommand(process.execPath, ['scripts/check-phrases.mjs']) },
  { name: 'ids', run: () => runCommand(process.execPath, ['scripts/ids.mjs']) },
  { name: 'lockfile', run: () => runCommand(process.execPath, ['scripts/lockfile.mjs']) },
  { name: 'types', run: checkTypes },
  { name: 'lint', run: () => runTool('eslint/bin/eslint.js', ['.']) },
  {
    name: 'imports',
    run: () =>
      runTool('dependency-cruiser/bin/dependency-cruise.mjs', [
        '--config',
        '.dependency-cruiser.cjs',
        ...listSourceFolders(),
      ]),
  },
  {
    name: 'dead-code',
    run: () => runTool('knip/bin/knip.js', ['--no-progress', '--treat-config-hints-as-errors']),
  },
  { name: 'unit', run: runUnitTests },
];

const { values: options } = parseArgs({ options: { only: { type: 'string' } } });
const selected = steps.filter((step) => options.only === undefined || step.name === options.only);
if (selected.length === 0) {
  process.stdout.write(
    `There is no step "${options.only}"; the steps are ${steps.map((step) => step.name).join(', ')}.\n`,
  );
  process.exit(1);
}

let failed = 0;
for (const step of selected) {
  const startedAt = performance.now();
  const result = await step.run();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const status = result.code === 0 ? 'ok' : 'failed';
  process.stdout.write(`${step.name.padEnd(10)} ${status.padEnd(6)} ${seconds.padStart(5)} s\n`);
  if (result.code !== 0) {
    failed += 1;
    process.stdout.write(`${result.output.trimEnd()}\n\n`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
