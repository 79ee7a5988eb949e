// npm run fuzz: builds what changed, starts a server with simulated workers and tests it against its API document with Schemathesis
// (https://schemathesis.io, from PyPI). Options after `--`: --seed N, --seconds N for each of the two runs.
import './require-node.mjs';
import { runBuilt } from './run-built.mjs';
import { runCommand } from './workspace.mjs';

const program = process.env.SCHEMATHESIS ?? 'schemathesis';
const found = await runCommand(program, ['--version']);
if (found.code !== 0) {
  process.stderr.write(
    `SKIPPED, nothing was tried: ${program} does not run.\n` +
      'Install it with `pip install schemathesis`, or name it in the variable SCHEMATHESIS.\n',
  );
  process.exit(0);
}
process.stdout.write(found.output);
await runBuilt('e2e/fuzz/main.mjs', [program, ...process.argv.slice(2)]);
