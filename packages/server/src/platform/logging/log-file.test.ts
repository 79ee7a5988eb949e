import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogFile } from './log-file.ts';

let folder: string;
const clock = new FakeClock();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comfleet-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('writes each line at once, for its owner alone', () => {
  const path = join(folder, 'logs', 'system.log');
  const log = new LogFile({ path, clock });
  log.write('a\n');

  expect(readFileSync(path, 'utf8')).toBe('a\n');
  expect([mode(join(folder, 'logs')), mode(path)]).toEqual(['700', '600']);
  log.close();
});

test('an older file that others could read is closed to them', () => {
  const path = join(folder, 'system.log');
  writeFileSync(path, 'old\n');
  chmodSync(path, 0o644);
  const log = new LogFile({ path, clock });
  log.write('new\n');

  expect([mode(path), readFileSync(path, 'utf8')]).toEqual(['600', 'old\nnew\n']);
  log.close();
});

test('moves the file aside before it grows too large, and keeps a limited number', () => {
  const log = new LogFile({ path: join(folder, 'system.log'), clock, maxBytes: 10, keep: 2 });
  for (const text of ['1111\n', '2222\n', '3333\n', '4444\n', '5555\n', '6666\n', '7777\n']) log.write(text);

  expect(readdirSync(folder).sort()).toEqual(['system.log', 'system.log.1', 'system.log.2']);
  expect(readFileSync(join(folder, 'system.log'), 'utf8')).toBe('7777\n');
  expect(readFileSync(join(folder, 'system.log.2'), 'utf8')).toBe('3333\n4444\n');
  log.close();
});

test('lines that cannot be written are counted, and the first that can be says how many', () => {
  const blocker = join(folder, 'logs');
  writeFileSync(blocker, 'a file where the folder should be');
  const log = new LogFile({ path: join(blocker, 'system.log'), clock });
  log.write('lost\n');
  log.write('lost too\n');
  expect(log.check()).toMatch(/ENOTDIR|EEXIST/);
  rmSync(blocker);
  clock.advance(1000);
  log.write('{"event":"x"}\n');

  const lines = readFileSync(join(blocker, 'system.log'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'log.lines_lost', lines: 2, level: 'error' },
    { event: 'x' },
  ]);
  expect(log.check()).toBe(null);
  log.close();
});

test('a pipe under the name of the log is refused, not waited for', () => {
  const path = join(folder, 'system.log');
  execFileSync('mkfifo', [path]);
  const log = new LogFile({ path, clock });
  log.write('x\n');

  expect(log.check()).toMatch(/ENXIO|not a regular file/);
});

function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
