import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readNamedFile } from './read-named-file.ts';

test('a pipe that nobody writes to is refused instead of waited for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'comfleet-named-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const pipe = join(folder, 'prompts');
  execFileSync('mkfifo', [pipe]);

  await expect(readNamedFile(pipe)).rejects.toThrow(
    'prompts cannot be read: it is a pipe or a device, not a file.',
  );
});

test('a device without end is refused', async () => {
  await expect(readNamedFile('/dev/zero')).rejects.toThrow('it is a pipe or a device');
});
