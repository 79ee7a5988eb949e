import { expect, test } from 'vitest';
import { WholePicture } from './whole-picture.ts';

const PNG = Buffer.from(
  '89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000049454e44ae426082',
  'hex',
);
const WEBP = Buffer.from('524946460e00000057454250565038200200000000000000', 'hex').subarray(0, 22);

async function isWhole(bytes: Buffer, chunkBytes: number): Promise<boolean> {
  const picture = new WholePicture();
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  for await (const chunk of picture.watch(chunks())) void chunk;
  return picture.isWhole({ head: bytes, sizeBytes: bytes.length });
}

test.each([1000, 7, 2, 1])(
  'D1 a PNG is whole with its end chunk only, in chunks of %i bytes',
  async (size) => {
    expect(await isWhole(PNG, size)).toBe(true);
    expect(await isWhole(PNG.subarray(0, 38), size)).toBe(false);
  },
);

test('a WebP is whole with the length in its header', async () => {
  expect(await isWhole(WEBP, 1000)).toBe(true);
  expect(await isWhole(WEBP.subarray(0, 21), 1000)).toBe(false);
});

test('a file that is not a picture has no end marker', async () => {
  expect(await isWhole(Buffer.from('a text'), 1000)).toBe(true);
});
