import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGraphFile } from './read-graph-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-graph-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(bytes: Buffer): Promise<string> {
  const path = join(folder, 'graph.json');
  await writeFile(path, bytes);
  return readGraphFile(path);
}

it('a byte order mark is no part of the text', async () => {
  expect(await read(Buffer.from('\uFEFF{"1":{}}', 'utf8'))).toBe('{"1":{}}');
  expect(await read(Buffer.from('{}'))).toBe('{}');
  expect(await read(Buffer.from(''))).toBe('');
});

it.each([
  ['with a mark', Buffer.from('\uFEFF{}', 'utf16le')],
  ['without one', Buffer.from('{}', 'utf16le')],
  ['the other way round', Buffer.from('\uFEFF{}', 'utf16le').swap16()],
])('a file in UTF-16 %s is named as such', async (_how, bytes) => {
  await expect(read(bytes)).rejects.toThrow(/UTF-16/);
});

it('a file that is not there and a folder cannot be read, and the reason is said', async () => {
  await expect(readGraphFile(join(folder, 'none.json'))).rejects.toThrow(
    /none\.json cannot be read: there is no such file\.$/,
  );
  await expect(readGraphFile(folder)).rejects.toThrow(/cannot be read: it is a folder\.$/);
});
