// npm run bench: builds what changed, then measures and writes docs/reference/numbers.md. Options after `--`: --quick, --json.
import './require-node.mjs';
import { join } from 'node:path';
import { buildWorkspace } from './build-workspace.mjs';
import { root, runCommand } from './workspace.mjs';

const build = await buildWorkspace({
  withPage: false,
  onStart: (part) => process.stderr.write(`Building the ${part} …\n`),
});
if (!build.ok) {
  process.stderr.write(build.output);
  process.exit(1);
}
const run = await runCommand(process.execPath, [join(root, 'bench/main.mjs'), ...process.argv.slice(2)], {
  inherit: true,
});
process.exitCode = run.code;
