import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRegularFile } from './read-regular-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comfleet-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('reads a file whole', async () => {
  const path = join(folder, 'a.txt');
  writeFileSync(path, 'text');
  expect((await readRegularFile(path, { maxBytes: 4 })).toString()).toBe('text');
});

test('a pipe is refused although nobody writes to it', async () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  await expect(readRegularFile(path, { maxBytes: 100 })).rejects.toMatchObject({
    code: 'NOT_REGULAR',
    message: `${path} is a pipe (FIFO), not a regular file`,
  });
});

test.each([
  ['/dev/zero', 'NOT_REGULAR', '/dev/zero is a device, not a regular file'],
  ['/', 'EISDIR', '/ is a folder, not a regular file'],
])('%s is refused', async (path, code, message) => {
  await expect(readRegularFile(path, { maxBytes: 100 })).rejects.toMatchObject({ code, message });
});

test('a file beyond the limit is refused, and a missing one says so by its code', async () => {
  const path = join(folder, 'a.txt');
  writeFileSync(path, 'text');
  await expect(readRegularFile(path, { maxBytes: 3 })).rejects.toThrow('is larger than 3 bytes');
  await expect(readRegularFile(join(folder, 'b'), { maxBytes: 3 })).rejects.toMatchObject({ code: 'ENOENT' });
});
