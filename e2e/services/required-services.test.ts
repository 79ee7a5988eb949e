import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findRequiredServices } from './required-services.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comfleet-required-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('a test that asks for no database starts no server', () => {
  const file = write('plain.test.ts', `import { x } from './x.ts';\n`);
  write('x.ts', 'export const x = 1;\n');

  expect([...findRequiredServices([file])]).toEqual([]);
});

test('a database asked for in an imported file is found', () => {
  const file = write('far.test.ts', `import { rig } from './rig.ts';\n`);
  write('rig.ts', `import { testDatabases } from 'somewhere';\nimport './far.test.ts';\n`);

  expect([...findRequiredServices([file])]).toEqual(['postgres', 'mariadb']);
});

test('naming the address of Redis starts Redis alone', () => {
  const file = write('redis.test.ts', 'process.env.COMFLEET_TEST_REDIS;\n');

  expect([...findRequiredServices([file])]).toEqual(['redis']);
});
