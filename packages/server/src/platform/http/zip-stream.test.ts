import { expect, test } from 'vitest';
import { measureZip, streamZip, type ZipEntry } from './zip-stream.ts';

function entry(name: string, open: ZipEntry['open'], sizeBytes: number): ZipEntry {
  return { name, sizeBytes, modifiedAtMs: Date.UTC(2026, 0, 2, 3, 4, 6), open };
}

async function* streamText(text: string) {
  yield Buffer.from(text);
}

async function collect(entries: readonly ZipEntry[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamZip(entries)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('a ZIP of two files of one name has both, with their bytes, and the announced length', async () => {
  const entries = [
    entry('猫.txt', () => streamText('first'), 5),
    entry('猫.txt', () => streamText('second'), 6),
  ];
  const zip = await collect(entries);
  const end = zip.subarray(-22);
  expect([end.readUInt32LE(0), end.readUInt16LE(10), end.readUInt32LE(16)]).toEqual([
    0x06054b50,
    2,
    zip.indexOf('PK\x01\x02'),
  ]);
  expect(zip.includes(Buffer.from('猫 (2).txt'))).toBe(true);
  expect(zip.includes('second')).toBe(true);
  expect(measureZip(entries)).toBe(zip.length);
});

test('beyond 4 GiB a ZIP has its 64-bit form, and a place for every byte', () => {
  const beyond = 5_000_000_000;
  const small = measureZip([entry('a', () => streamText(''), 1000)]);
  const large = measureZip([entry('a', () => streamText(''), beyond)]);
  // 8 more in the sizes that follow the bytes, 28 in the directory, and a second end record of 76.
  expect(large - beyond - (small - 1000)).toBe(8 + 28 + 76);
});

test('a file is closed when nobody reads the rest, and none after it is opened', async () => {
  const seen: string[] = [];
  const open = async function* (name: string) {
    seen.push(`${name} opened`);
    try {
      for (;;) yield new Uint8Array(64 * 1024);
    } finally {
      seen.push(`${name} closed`);
    }
  };
  const entries = ['a', 'b'].map((name) => entry(name, () => open(name), 2 ** 40));
  let chunks = 0;
  for await (const _ of streamZip(entries)) {
    chunks += 1;
    if (chunks === 5) break;
  }
  expect(seen).toEqual(['a opened', 'a closed']);
});

test('a file that cannot be read fails the whole ZIP, so that nobody takes a part for all', async () => {
  const failing: ZipEntry['open'] = async function* () {
    yield Buffer.from('half');
    throw new Error('the disk is gone');
  };
  await expect(collect([entry('a', failing, 8)])).rejects.toThrow('the disk is gone');
});
