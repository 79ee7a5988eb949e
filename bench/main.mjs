// Comfleet's overhead and the quality of its placement: `npm run bench` writes docs/reference/numbers.md. A name before the options chooses another
// bench: `control-plane`, `decision`, `faults` and `rate-limits` write their sections of that page, `scheduling` writes docs/reference/scheduling.md.
// `--compare DIR` measures the server of another built checkout too (faults). `--quick` takes a tenth and writes nothing; `--json` prints the raw numbers. Build first when you start this file itself.
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureControlPlane } from './control-plane/measure-control-plane.mjs';
import { formatControlPlane } from './control-plane/report-control-plane.mjs';
import { measureDecisions } from './decision/measure-decision.mjs';
import { formatDecision } from './decision/report-decision.mjs';
import { measureFaults } from './faults/measure-faults.mjs';
import { formatFaults } from './faults/report-faults.mjs';
import { measureAll } from './measure.mjs';
import { keepSections, replaceSection } from './page.mjs';
import { measureRateLimits } from './rate-limits/measure-rate-limits.mjs';
import { formatRateLimits } from './rate-limits/report-rate-limits.mjs';
import { formatReport } from './report.mjs';
import { compareScenario } from './scheduling/compare.mjs';
import { formatScheduling } from './scheduling/report-scheduling.mjs';
import { listScenarios } from './scheduling/scenarios.mjs';
import { round } from './statistics.mjs';

/** @typedef {{ quick: boolean, compare: string | null, print: (line: string) => void }} BenchOptions */
/** @typedef {{ numbers: unknown, text: string, page: string, toPage: (old: string) => string }} Outcome */
/** @typedef {(options: BenchOptions) => Promise<Outcome>} Bench */

const NUMBERS = 'docs/reference/numbers.md';
const date = new Date().toISOString().slice(0, 10);
const readLoad = () => round(loadavg()[0] ?? 0);

/** @type {Bench} */
async function benchNumbers(options) {
  const loadBefore = readLoad();
  const numbers = await measureAll(options);
  const text = formatReport(numbers, { date, loadBefore, loadAfter: readLoad() });
  return { numbers, text, page: NUMBERS, toPage: (old) => keepSections(text, old) };
}

/** @type {Bench} */
async function benchControlPlane({ quick, print }) {
  const size = quick
    ? { workers: 50, tasks: 1000, lanes: 10, seconds: 3, settleMs: 1000 }
    : { workers: 1000, tasks: 100_000, lanes: 50, seconds: 60 };
  const loadBefore = readLoad();
  const numbers = await measureControlPlane({ ...size, print });
  return toSection(
    'control-plane',
    numbers,
    formatControlPlane(numbers, { date, load: describeLoad(loadBefore) }),
  );
}

/** @type {Bench} */
async function benchDecision({ quick }) {
  const size = quick
    ? { workers: 100, tasks: 5000, lanes: 50, decisions: 1000, warmUp: 500 }
    : { workers: 1000, tasks: 100_000, lanes: 50, decisions: 10_000, warmUp: 5000 };
  const loadBefore = readLoad();
  const numbers = await measureDecisions(size);
  return toSection('decision', numbers, formatDecision(numbers, { date, load: describeLoad(loadBefore) }));
}

/** @type {Bench} */
async function benchFaults({ quick, compare, print }) {
  const size = quick
    ? { runs: 1, busyRuns: 0, restarts: 1, tasks: 20 }
    : { runs: 5, busyRuns: 5, restarts: 3, tasks: 100 };
  const loadBefore = readLoad();
  const now = await measureFaults({ ...size, seed: 1, print });
  if (compare !== null) print(`the server of ${compare}:`);
  const before =
    compare === null
      ? null
      : {
          commit: readCommit(compare),
          ...(await measureFaults({
            ...size,
            runs: 2,
            busyRuns: 0,
            restarts: 1,
            seed: 1,
            checkout: compare,
            print,
          })),
        };
  const numbers = { ...now, before };
  return toSection('faults', numbers, formatFaults(numbers, { date, load: describeLoad(loadBefore) }));
}

/** @type {Bench} */
async function benchRateLimits({ quick, print }) {
  const size = quick ? { requests: 200, rounds: 1 } : { requests: 10_000, rounds: 7 };
  const loadBefore = readLoad();
  const numbers = await measureRateLimits({ ...size, print });
  return toSection(
    'rate-limits',
    numbers,
    formatRateLimits(numbers, { date, load: describeLoad(loadBefore) }),
  );
}

/** @type {Bench} */
async function benchScheduling({ quick, print }) {
  const scenarios = listScenarios().slice(0, quick ? 2 : undefined);
  const numbers = [];
  for (const scenario of scenarios) {
    print(`${scenario.name} …`);
    numbers.push(await compareScenario(scenario, quick ? { searchSize: 20_000 } : {}));
  }
  const text = formatScheduling(numbers, { date });
  return { numbers, text, page: 'docs/reference/scheduling.md', toPage: () => text };
}

/** @param {string} checkout */
function readCommit(checkout) {
  return execFileSync('git', ['-C', checkout, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}

/** @param {number} before */
function describeLoad(before) {
  return `load average ${before} before the run, ${readLoad()} after it`;
}

/** @param {string} name @param {unknown} numbers @param {string} text @returns {Outcome} */
function toSection(name, numbers, text) {
  return { numbers, text, page: NUMBERS, toPage: (old) => replaceSection(old, name, text) };
}

/** @type {Record<string, Bench>} */
const BENCHES = {
  numbers: benchNumbers,
  'control-plane': benchControlPlane,
  decision: benchDecision,
  faults: benchFaults,
  'rate-limits': benchRateLimits,
  scheduling: benchScheduling,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    compare: { type: 'string' },
  },
});
const [name = 'numbers'] = positionals;
const bench = BENCHES[name];
if (!bench) throw new Error(`there is no bench "${name}"; there are ${Object.keys(BENCHES).join(', ')}`);

const print = (/** @type {string} */ line) => void process.stderr.write(`${line}\n`);
const { numbers, text, page, toPage } = await bench({
  quick: values.quick,
  compare: values.compare ?? null,
  print,
});
process.stdout.write(values.json ? `${JSON.stringify(numbers)}\n` : `${text}\n`);
if (!values.quick) {
  const file = join(import.meta.dirname, '..', page);
  await writeFile(file, toPage(await readFile(file, 'utf8').catch(() => '')));
  print(`written: ${page}`);
}
