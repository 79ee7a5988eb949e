// Writes forbidden imports into a folder structured like ours, and tests that the import rules find them.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, runTool } from './workspace.mjs';

const server = 'packages/server/src';

/** Imports by importing file. */
const PLANTED = {
  [`${server}/platform/config/upward.ts`]: `${server}/flow/engine/engine.ts`,
  [`${server}/fleet/workers/upward.ts`]: `${server}/flow/engine/engine.ts`,
  [`${server}/flow/engine/upward-door.ts`]: `${server}/doors/native/native-door.ts`,
  [`${server}/flow/queue/upward.ts`]: `${server}/flow/engine/engine.ts`,
  [`${server}/flow/engine/upward-call.ts`]: `${server}/flow/calls/tasks/tasks.ts`,
  [`${server}/flow/calls/workflows/sibling.ts`]: `${server}/flow/calls/assets/assets.ts`,
  [`${server}/flow/calls/assets/sibling.ts`]: `${server}/flow/calls/tasks/tasks.ts`,
  [`${server}/flow/calls/batches/sibling.ts`]: `${server}/flow/calls/tasks/tasks.ts`,
  [`${server}/flow/calls/tasks/past-the-seam.ts`]: `${server}/flow/engine/placement-loop.ts`,
  [`${server}/doors/native/past-the-calls.ts`]: `${server}/flow/engine/engine.ts`,
  [`${server}/flow/queue/sibling.ts`]: `${server}/flow/placement/decide.ts`,
  [`${server}/doors/native/sibling.ts`]: `${server}/doors/live/live-door.ts`,
  [`${server}/doors/native/downward.ts`]: `${server}/flow/calls/tasks/tasks.ts`,
  [`${server}/flow/calls/tasks/downward.ts`]: `${server}/flow/engine/engine.ts`,
};

let folder = '';
let output = '';

/** @param {string} path @param {string} text */
async function write(path, text) {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-imports-'));
  await write('tsconfig.tests.json', '{}');
  for (const [from, to] of Object.entries(PLANTED)) {
    const up = '../'.repeat(from.split('/').length - 1);
    await write(from, `import { it } from '${up}${to}';\nexport const mine = it;\n`);
    await write(to, 'export const it = 1;\n');
  }
  const config = join(root, '.dependency-cruiser.cjs');
  const tool = 'dependency-cruiser/bin/dependency-cruise.mjs';
  const result = await runTool(tool, ['--config', config, 'packages'], {
    cwd: folder,
    env: { NO_COLOR: '1' },
  });
  output = result.output;
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The names of the rules that a file breaks. @param {string} path below the server's sources */
function rulesBrokenBy(path) {
  const lines = output.split('\n').filter((line) => line.includes(`: ${server}/${path} `));
  return lines.map((line) => /error (\S+): /.exec(line)?.[1]);
}

test.each([
  ['platform/config/upward.ts', 'layer-platform'],
  ['fleet/workers/upward.ts', 'layer-fleet'],
  ['flow/engine/upward-door.ts', 'layer-flow'],
  ['flow/engine/upward-call.ts', 'layer-flow/engine'],
  ['flow/queue/upward.ts', 'layer-flow/(workflows|'],
])('the upward import of %s breaks %s', (path, rule) => {
  expect(rulesBrokenBy(path)).toContainEqual(expect.stringContaining(rule));
});

test.each([
  ['flow/queue/sibling.ts', 'stages-apart'],
  ['doors/native/sibling.ts', 'doors-apart'],
  ['flow/calls/workflows/sibling.ts', 'calls-apart'],
  ['flow/calls/assets/sibling.ts', 'calls-tasks-for-batches-only'],
])('the sibling import of %s breaks %s', (path, rule) => {
  expect(rulesBrokenBy(path)).toContainEqual(expect.stringContaining(rule));
});

test.each([
  ['doors/native/past-the-calls.ts', 'doors-through-calls'],
  ['flow/calls/tasks/past-the-seam.ts', 'calls-through-the-seam'],
])('the import of %s that goes around a floor breaks %s', (path, rule) => {
  expect(rulesBrokenBy(path)).toContainEqual(expect.stringContaining(rule));
});

test('imports that point downward, and the one of batches to tasks, break nothing', () => {
  expect(output).toContain('cruised');
  expect(rulesBrokenBy('doors/native/downward.ts')).toEqual([]);
  expect(rulesBrokenBy('flow/calls/tasks/downward.ts')).toEqual([]);
  expect(rulesBrokenBy('flow/calls/batches/sibling.ts')).toEqual([]);
});
