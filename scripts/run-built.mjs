import { join } from 'node:path';
import { buildWorkspace } from './build-workspace.mjs';
import { root, runCommand } from './workspace.mjs';

/**
 * Builds what changed in the packages, then runs a program of the repository in this terminal and exits as it does.
 * @param {string} program its path in the repository
 * @param {readonly string[]} args
 */
export async function runBuilt(program, args) {
  const onStart = (/** @type {string} */ part) => process.stderr.write(`Building the ${part} …\n`);
  const build = await buildWorkspace({ withPage: false, onStart });
  if (!build.ok) {
    process.stderr.write(build.output);
    process.exitCode = 1;
    return;
  }
  const run = await runCommand(process.execPath, [join(root, program), ...args], { inherit: true });
  process.exitCode = run.code;
}
