// npm run bench: builds what changed, measures, and writes docs/reference/numbers.md. Options after `--`: --quick, --json.
import './require-node.mjs';
import { runBuilt } from './run-built.mjs';

await runBuilt('bench/main.mjs', process.argv.slice(2));
