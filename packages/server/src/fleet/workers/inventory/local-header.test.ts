import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readLocalHeader } from './local-header.ts';

async function openFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-header-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'models/sub'), { recursive: true });
  return folder;
}

/** Writes a safetensors file with this header, as an object or as raw text. */
async function write(path: string, header: object | string): Promise<number> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const bytes = Buffer.concat([length, text, Buffer.from('weights')]);
  await writeFile(path, bytes);
  return bytes.length;
}

const HEADER = { __metadata__: { format: 'pt' }, a: { dtype: 'F16', shape: [2, 3], data_offsets: [0, 12] } };

test('reads metadata and shapes of the first folder that has the file', async () => {
  const folder = await openFolder();
  const sizeBytes = await write(join(folder, 'models/sub/one.safetensors'), HEADER);

  const folders = [join(folder, 'nothing'), join(folder, 'models')];
  expect(await readLocalHeader(folders, { name: 'sub/one.safetensors', sizeBytes })).toEqual({
    metadata: { format: 'pt' },
    shapes: new Map([['a', [2, 3]]]),
  });
});

test('a file of another size is another file', async () => {
  const folder = await openFolder();
  const sizeBytes = await write(join(folder, 'models/one.safetensors'), HEADER);

  const other = { name: 'one.safetensors', sizeBytes: sizeBytes + 1 };
  expect(await readLocalHeader([join(folder, 'models')], other)).toBeNull();
});

test('ignores a file that is outside the folder, of another kind or not a regular one', async () => {
  const folder = await openFolder();
  const sizeBytes = await write(join(folder, 'outside.safetensors'), HEADER);
  await mkdir(join(folder, 'models/folder.safetensors'));

  const read = (name: string) => readLocalHeader([join(folder, 'models')], { name, sizeBytes });
  expect(await read('../outside.safetensors')).toBeNull();
  expect(await read('folder.safetensors')).toBeNull();
  expect(await read('outside.ckpt')).toBeNull();
});

test.each([['no json'], ['[1]']])('%j is not a header', async (text) => {
  const folder = await openFolder();
  const sizeBytes = await write(join(folder, 'models/one.safetensors'), text);

  expect(await readLocalHeader([join(folder, 'models')], { name: 'one.safetensors', sizeBytes })).toBeNull();
});

test('a header that claims to be longer than the file is ignored', async () => {
  const folder = await openFolder();
  await writeFile(join(folder, 'models/one.safetensors'), Buffer.from([255, 0, 0, 0, 0, 0, 0, 0, 123]));

  const file = { name: 'one.safetensors', sizeBytes: 9 };
  expect(await readLocalHeader([join(folder, 'models')], file)).toBeNull();
});
