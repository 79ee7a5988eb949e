import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { toCountsLine } from './counts-reporter.mjs';

const vitest = resolve(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
let folder = '';

// Each test starts its own vitest, which takes seconds while other tests occupy the cores.
vi.setConfig({ testTimeout: 60_000 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comfleet-counts-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/**
 * Runs real vitest on these files and returns what the reporter counted.
 * @param {Record<string, string>} files
 * @returns {Promise<import('./counts-reporter.mjs').Counts>}
 */
async function countRun(files) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const out = join(folder, 'counts.json');
  const reporter = join(import.meta.dirname, 'counts-reporter.mjs');
  const args = [vitest, 'run', '--root', folder, '--globals', '--reporter', reporter];
  const env = { ...process.env, COMFLEET_TEST_COUNTS: out };
  await new Promise((done) => execFile(process.execPath, args, { env, cwd: folder }, done));
  return JSON.parse(readFileSync(out, 'utf8'));
}

test('passed, failed and skipped tests are counted, each skip with its reason', async () => {
  const counts = await countRun({
    'a.test.mjs': `
      test('good', () => {});
      test('bad', () => { expect(1).toBe(2); });
      test('says why', (context) => context.skip('no such machine'));
      test.skip('says nothing', () => {});
      describe('suite', { skip: true, meta: { skipReason: 'no database' } }, () => { test('inner', () => {}); });
    `,
  });

  expect(toCountsLine(counts)).toBe('1 passed, 1 failed, 3 skipped');
  expect(counts.failures).toEqual(['a.test.mjs > bad\n    expected 1 to be 2 // Object.is equality']);
  expect(counts.skips).toEqual([
    { title: 'a.test.mjs > says why', reason: 'no such machine' },
    { title: 'a.test.mjs > says nothing', reason: 'no reason given' },
    { title: 'a.test.mjs > suite > inner', reason: 'no database' },
  ]);
});

test('a file that does not load, a failed hook and an error outside of tests are one failure each', async () => {
  const counts = await countRun({
    'load.test.mjs': `import './absent.mjs';`,
    'hook.test.mjs': `describe('s', () => { beforeAll(() => { throw new Error('hook broke'); }); test('t', () => {}); });`,
    'late.test.mjs': `test('passes', () => { void Promise.reject(new Error('nobody waited')); });`,
  });

  expect({ passed: counts.passed, failed: counts.failed }).toEqual({ passed: 1, failed: 3 });
  expect(counts.failures.join('\n')).toContain('hook broke');
  expect(counts.failures.join('\n')).toContain('nobody waited');
});
