// npm run build: compiles what changed and reports what it built.
import './require-node.mjs';
import { buildWorkspace } from './build-workspace.mjs';

const startedAt = performance.now();
const result = await buildWorkspace({ onStart: (part) => process.stdout.write(`Building the ${part} …\n`) });
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
if (!result.ok) {
  process.stdout.write(result.output);
  process.stdout.write(`The build failed after ${seconds} s.\n`);
  process.exitCode = 1;
} else if (result.did.length === 0) {
  process.stdout.write('Everything is built already.\n');
} else {
  process.stdout.write(`Built: ${result.did.join(', ')} (${seconds} s).\n`);
}
