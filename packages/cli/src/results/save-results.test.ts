import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Download } from '@comfleet/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../exit-codes.ts';
import { prepareFolder, saveDownload, toFileName } from './save-results.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-cli-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function download(text: string): Download {
  const bytes = new TextEncoder().encode(text);
  return {
    name: null,
    contentType: 'image/png',
    sizeBytes: bytes.length,
    body: new Blob([bytes]).stream(),
    bytes: () => Promise.resolve(bytes),
  };
}

describe('prepareFolder', () => {
  it('makes the folder, and refuses one in which nothing can be saved', async () => {
    await prepareFolder(join(folder, 'new', 'below'));
    expect(await readdir(join(folder, 'new'))).toEqual(['below']);

    await writeFile(join(folder, 'taken'), '');
    await expect(prepareFolder(join(folder, 'taken'))).rejects.toThrow(UsageError);
  });
});

describe('saveDownload', () => {
  it('never overwrites a file', async () => {
    await writeFile(join(folder, 'cat.png'), 'old');

    const first = await saveDownload(download('one'), { folder, name: 'cat.png' });
    const second = await saveDownload(download('two'), { folder, name: 'cat.png' });

    expect([first, second]).toEqual([join(folder, 'cat-2.png'), join(folder, 'cat-3.png')]);
    expect(await readFile(join(folder, 'cat.png'), 'utf8')).toBe('old');
    expect(await readFile(second, 'utf8')).toBe('two');
  });

  it('leaves nothing behind when bytes are missing', async () => {
    await expect(
      saveDownload(download('one'), { folder, name: 'cat.png', sizeBytes: 5 }),
    ).rejects.toMatchObject({
      code: 'INVALID_ANSWER',
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('makes the folder', async () => {
    const path = await saveDownload(download('one'), { folder: join(folder, 'a', 'b'), name: 'cat.png' });

    expect(await readFile(path, 'utf8')).toBe('one');
  });
});

it('saves under a name that every system has, whatever the server calls it', async () => {
  const path = await saveDownload(download('one'), { folder, name: 'aux: 1.' });

  expect(await readdir(folder)).toEqual(['aux_ 1_']);
  expect(path).toBe(join(folder, 'aux_ 1_'));
});

describe('toFileName', () => {
  it.each([
    ['cat.png', 'cat.png'],
    ['../../etc/passwd', 'passwd'],
    ['sub\\cat.png', 'cat.png'],
    ['..', '0-asset'],
    ['', '0-asset'],
  ])('takes from "%s" only "%s"', (name, expected) => {
    expect(toFileName({ name, index: 0, asset_id: 'asset' })).toBe(expected);
  });
});
