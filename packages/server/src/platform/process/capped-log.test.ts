import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLogTail, rotateLog } from './capped-log.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-log-'));
  path = join(folder, 'comfyui.log');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('rotateLog', () => {
  it('moves a large log aside while its writer goes on', async () => {
    const writer = await open(path, 'a');
    await writer.write('before\n'.repeat(10));
    expect(await rotateLog({ path, maxBytes: 50 })).toBe(true);
    await writer.write('after\n');
    await writer.close();
    expect(await readFile(path, 'utf8')).toBe('after\n');
    expect(await readFile(`${path}.1`, 'utf8')).toBe('before\n'.repeat(10));
  });

  it('keeps the end of one that grew beyond any measure', async () => {
    await writeFile(path, `${'x'.repeat(1_000_000)}the end`);
    await rotateLog({ path, maxBytes: 100 });
    const kept = await readFile(`${path}.1`, 'utf8');
    expect([kept.length, kept.slice(-7)]).toEqual([800, 'the end']);
  });

  it('keeps three older files', async () => {
    for (const text of ['one', 'two', 'three', 'four', 'five']) {
      await writeFile(path, text);
      await rotateLog({ path, maxBytes: 1 });
    }
    const kept = await Promise.all([1, 2, 3].map((number) => readFile(`${path}.${number}`, 'utf8')));
    expect(kept).toEqual(['five', 'four', 'three']);
    await expect(readFile(`${path}.4`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves a small log and a missing one alone', async () => {
    expect(await rotateLog({ path, maxBytes: 50 })).toBe(false);
    await writeFile(path, 'short');
    expect(await rotateLog({ path, maxBytes: 50 })).toBe(false);
  });
});

describe('readLogTail', () => {
  it('answers the last lines', async () => {
    await writeFile(path, 'one\ntwo\r\nthree\n');
    expect(await readLogTail(path, 2)).toEqual(['two', 'three']);
  });

  it('answers lines without the colours that ComfyUI writes', async () => {
    await writeFile(path, '\u001b[32m[INFO]\u001b[0m one\n\u001b[1m\u001b[31m[ERROR]\u001b[0m two\n');
    expect(await readLogTail(path, 2)).toEqual(['[INFO] one', '[ERROR] two']);
  });

  it('answers none when there is no log', async () => {
    expect(await readLogTail(path, 15)).toEqual([]);
  });
});
