// What Comfleet costs: `npm run bench` writes docs/reference/numbers.md. `-- --quick` takes a tenth and writes nothing;
// `--json` prints the raw numbers. Build first when you start this file itself.
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAll } from './measure.mjs';
import { formatReport } from './report.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const PAGE = join(import.meta.dirname, '../docs/reference/numbers.md');
const tell = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`);

const [loadBefore = 0] = loadavg();
const numbers = await measureAll({ quick: values.quick, tell });
const [loadAfter = 0] = loadavg();
const page = formatReport(numbers, { date: new Date().toISOString().slice(0, 10), loadBefore, loadAfter });
process.stdout.write(values.json ? `${JSON.stringify(numbers)}\n` : page);
if (!values.quick) {
  await writeFile(PAGE, page);
  tell('written: docs/reference/numbers.md');
}
