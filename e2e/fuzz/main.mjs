// node main.mjs SCHEMATHESIS [--seed N] [--seconds N]: two seeded runs against a local server, the first with random ids, the
// second with existing ids. Exits with 1 if a run finds a problem.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openStage } from './stage.mjs';

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
];
/** Excluded: a stream that never ends, and operations that would connect to random addresses. */
const LEFT_OUT = ['GET /api/fleet/stream', 'POST /api/fleet/workers', 'POST /api/fleet/register'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' }, seconds: { type: 'string', default: '240' } },
});
const [program = 'schemathesis'] = positionals;

/** @param {string[]} args @param {string} cwd @returns {Promise<number>} */
function run(args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** The configuration of Schemathesis (TOML) with existing ids. @param {Record<string, Record<string, string>>} parameters */
function toConfig(parameters) {
  const sections = Object.entries(parameters).map(([path, values_]) => {
    const lines = Object.entries(values_).map(([name, value]) => `"path.${name}" = ${JSON.stringify(value)}`);
    return `[[operations]]\ninclude-path-regex = ${JSON.stringify(path)}\n\n[operations.parameters]\n${lines.join('\n')}\n`;
  });
  return sections.join('\n');
}

const folder = await mkdtemp(join(tmpdir(), 'comfleet-fuzz-'));
const stage = await openStage(folder);
let failed = 0;
try {
  await writeFile(join(folder, 'plain.toml'), '');
  await writeFile(join(folder, 'known.toml'), toConfig(stage.parameters));
  for (const [config, ...more] of [['plain.toml'], ['known.toml', '--include-path-regex', '\\{']]) {
    const code = await run(
      [
        ...['--config-file', config ?? '', 'run', `${stage.url}/openapi.json`],
        ...['--header', `Authorization: Bearer ${stage.token}`, '--checks', CHECKS.join(',')],
        ...['--seed', values.seed, '--max-time', values.seconds, '--max-examples', '30'],
        ...['--request-timeout', '30', '--continue-on-failure', '--no-color', '--warnings', 'off'],
        ...LEFT_OUT.flatMap((name) => ['--exclude-name', name]),
        ...more,
      ],
      folder,
    );
    if (code !== 0) failed += 1;
  }
} finally {
  await stage.close();
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
