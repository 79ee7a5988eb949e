import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Scope, silentLogger, systemClock } from '@comfleet/server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFolderBlobs } from '../dist/flow/assets/folder-blob-store.js';

const MEGABYTE = 1024 * 1024;
const HOUR = 3_600_000;

let folder = '';
let scope: Scope;
let nowMs = Date.UTC(2026, 0, 1);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-blobs-'));
  scope = new Scope('blobs test', systemClock, silentLogger);
  nowMs = Date.UTC(2026, 0, 1);
});
afterEach(async () => {
  await scope.close();
  await rm(folder, { recursive: true, force: true });
  await rm(`${folder}.mjs`, { force: true });
});

function openBlobs() {
  let names = 0;
  return openFolderBlobs(scope, {
    folder,
    durability: 'process',
    syncsFolders: true,
    createName: () => `part-${++names}`,
    nowMs: () => nowMs,
  });
}

/** A stream of chunks; `ended` tells whether its reader finished or canceled it. */
function openStream(...chunks: Uint8Array[]) {
  const seen = { ended: false };
  async function* stream() {
    try {
      yield* chunks;
    } finally {
      seen.ended = true;
    }
  }
  return { bytes: stream(), seen };
}

const fill = (sizeBytes: number, byte = 7) => new Uint8Array(sizeBytes).fill(byte);

/** Everything in the store's folder: there must never be anything but complete blobs. */
async function listFiles(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

describe.each([
  ['small', 1000],
  ['large', 3 * MEGABYTE],
])('a %s stream', (_size, sizeBytes) => {
  const half = () => fill(sizeBytes / 2);

  test('is stored once under the hash of its bytes, whatever its chunks', async () => {
    const blobs = openBlobs();

    const first = await blobs.put(openStream(half(), half()).bytes, { maxBytes: sizeBytes });
    const second = await blobs.put(openStream(fill(sizeBytes)).bytes, { maxBytes: sizeBytes });

    expect(second).toMatchObject({ hash: first.hash, isNew: false, sizeBytes });
    expect(await listFiles()).toEqual([first.hash]);
  });

  test('that ends early leaves nothing behind', async () => {
    const blobs = openBlobs();
    const limits = { maxBytes: sizeBytes, expectedBytes: sizeBytes };

    await expect(blobs.put(openStream(half()).bytes, limits)).rejects.toMatchObject({
      code: 'COLLECT_FAILED',
      details: { expected_bytes: sizeBytes, received_bytes: sizeBytes / 2 },
    });

    expect(await listFiles()).toEqual([]);
  });

  test('above the limit is refused, canceled, and leaves nothing behind', async () => {
    const blobs = openBlobs();
    const { bytes, seen } = openStream(half(), half(), half());

    await expect(blobs.put(bytes, { maxBytes: sizeBytes })).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });

    expect(seen.ended).toBe(true);
    expect(await listFiles()).toEqual([]);
  });

  test('that breaks leaves nothing behind', async () => {
    const blobs = openBlobs();
    async function* breaking() {
      yield half();
      throw new Error('connection reset');
    }

    await expect(blobs.put(breaking(), { maxBytes: sizeBytes })).rejects.toThrow('connection reset');

    expect(await listFiles()).toEqual([]);
  });

  test('P13 is never visible before its last byte', async () => {
    const blobs = openBlobs();
    let visible: string[] = [];
    async function* looking() {
      yield half();
      visible = (await listFiles()).filter((name) => !name.startsWith('part-'));
      yield half();
    }

    const { hash } = await blobs.put(looking(), { maxBytes: sizeBytes });

    expect(visible).toEqual([]);
    expect(await blobs.has(hash)).toBe(true);
  });
});

describe('a write that the system cuts short', () => {
  /** Puts a blob in a process with a file size limit of 32 kB; returns the outcome. */
  function putWithLimit(sizeBytes: number): { code: string; files: string[] } {
    const module = fileURLToPath(new URL('../dist/flow/assets/folder-blob-store.js', import.meta.url));
    const program = `
      import { readdirSync } from 'node:fs';
      import { openFolderBlobs } from ${JSON.stringify(module)};
      const blobs = openFolderBlobs({ add() {} }, {
        folder: ${JSON.stringify(folder)}, durability: 'process', createName: () => 'part-1', nowMs: () => 0,
      });
      async function* stream() { yield new Uint8Array(${sizeBytes}); }
      const code = await blobs.put(stream(), { maxBytes: ${sizeBytes} }).then(() => 'stored', (error) => error.code);
      const files = readdirSync(${JSON.stringify(folder)}, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile()).map((entry) => entry.name);
      process.stdout.write(JSON.stringify({ code, files }), () => process.exit(0));
    `;
    const programFile = `${folder}.mjs`;
    writeFileSync(programFile, program);
    const command = 'ulimit -f 64; exec "$0" "$1"';
    return JSON.parse(
      execFileSync('sh', ['-c', command, process.execPath, programFile], { encoding: 'utf8' }),
    );
  }

  test.each([
    ['small', 100_000],
    ['large', 2 * MEGABYTE],
  ])('leaves no %s blob with fewer bytes than its hash covers', (_size, sizeBytes) => {
    expect(putWithLimit(sizeBytes)).toEqual({ code: 'EFBIG', files: [] });
  });
});

describe('blobs that nobody needs', () => {
  test('are deleted when nobody used them for long enough', async () => {
    const blobs = openBlobs();
    const { hash } = await blobs.put(openStream(fill(10)).bytes, { maxBytes: 10 });
    await utimes(join(folder, hash.slice(0, 2), hash), nowMs / 1000, nowMs / 1000);

    nowMs += HOUR - 1;
    expect(await blobs.removeUnused(hash, HOUR)).toBe(false);
    expect(await blobs.has(hash)).toBe(true);
    nowMs += 1;
    expect(await blobs.removeUnused(hash, HOUR)).toBe(true);

    expect(existsSync(join(folder, hash.slice(0, 2), hash))).toBe(false);
    expect(await listFiles()).toEqual([]);
  });

  test('stay when the same bytes came again meanwhile', async () => {
    const blobs = openBlobs();
    const { hash } = await blobs.put(openStream(fill(10)).bytes, { maxBytes: 10 });
    await utimes(join(folder, hash.slice(0, 2), hash), nowMs / 1000, nowMs / 1000);
    nowMs += 2 * HOUR;

    await blobs.put(openStream(fill(10)).bytes, { maxBytes: 10 });

    expect(await blobs.removeUnused(hash, HOUR)).toBe(false);
  });

  test('one that is gone already is no failure, and reading it says so', async () => {
    const blobs = openBlobs();

    expect(await blobs.removeUnused('ab'.repeat(32), HOUR)).toBe(true);
    const reading = blobs.open('ab'.repeat(32))[Symbol.asyncIterator]();
    await expect(reading.next()).rejects.toMatchObject({ code: 'ASSET_NOT_FOUND' });
  });
});

test('a range of a blob is read with both its ends', async () => {
  const blobs = openBlobs();
  const { hash } = await blobs.put(openStream(Buffer.from('0123456789')).bytes, { maxBytes: 10 });
  const read: Uint8Array[] = [];

  for await (const chunk of blobs.open(hash, { start: 2, end: 4 })) read.push(chunk);

  expect(Buffer.concat(read).toString()).toBe('234');
});
