import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope, silentLogger, systemClock } from '@comfleet/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FolderBlobStore, openFolderBlobs } from '../dist/flow/assets/folder-blob-store.js';

let folder = '';
let scope: Scope;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-blobs-'));
  scope = new Scope('blobs test', systemClock, silentLogger);
});
afterEach(async () => {
  await scope.close();
  await rm(folder, { recursive: true, force: true });
});

function openBlobs(below = 'blobs') {
  let names = 0;
  const createName = () => `part-${++names}`;
  return openFolderBlobs(scope, {
    folder: join(folder, below),
    durability: 'power',
    syncsFolders: true,
    createName,
    nowMs: () => 0,
  });
}

async function* stream(...chunks: string[]) {
  for (const chunk of chunks) yield new TextEncoder().encode(chunk);
}

async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const LIMITS = { maxBytes: 1000 };

it.each([
  ['power', true, 'file_and_folder'],
  ['power', false, 'file'],
  ['process', true, 'none'],
] as const)(
  'durability %s with folders that can be synced (%s) syncs %s',
  async (durability, syncsFolders, sync) => {
    const tasks: unknown[] = [];
    const options = { folder, durability, syncsFolders, createName: () => 'part-1', nowMs: () => 0 };
    const blobs = new FolderBlobStore(options, { run: async (task) => void tasks.push(task) });

    await blobs.put(stream('bytes'), LIMITS);

    expect(tasks).toEqual([expect.objectContaining({ kind: 'write', sync })]);
  },
);

describe('blobs in a folder', () => {
  it('keeps many streams at once, each whole and under its own hash', async () => {
    const blobs = openBlobs();
    const texts = Array.from({ length: 40 }, (_value, index) => `result ${index}`);

    const stored = await Promise.all(texts.map((text) => blobs.put(stream(text, '!'), LIMITS)));

    const read = await Promise.all(stored.map(({ hash }) => readAll(blobs.open(hash))));
    expect(read).toEqual(texts.map((text) => `${text}!`));
    expect(new Set(stored.map(({ hash }) => hash)).size).toBe(40);
    expect(await readdir(join(folder, 'blobs', 'incoming'))).toEqual([]);
  });

  it('reports that the same bytes were stored before', async () => {
    const blobs = openBlobs();

    const first = await blobs.put(stream('the same'), LIMITS);
    const second = await blobs.put(stream('the ', 'same'), LIMITS);

    expect(first).toMatchObject({ isNew: true, sizeBytes: 8 });
    expect(second).toMatchObject({ isNew: false, hash: first.hash });
  });

  it('stores bytes that come twice at once a single time', async () => {
    const blobs = openBlobs();

    const stored = await Promise.all([blobs.put(stream('twin'), LIMITS), blobs.put(stream('twin'), LIMITS)]);

    expect(stored.map(({ isNew }) => isNew).sort()).toEqual([false, true]);
    expect(stored[0].hash).toBe(stored[1].hash);
  });

  it('rewrites a blob when a loss of power cut it off', async () => {
    const blobs = openBlobs();
    const { hash } = await blobs.put(stream('whole result'), LIMITS);
    await writeFile(join(folder, 'blobs', hash.slice(0, 2), hash), '');

    const again = await blobs.put(stream('whole result'), LIMITS);

    expect(again.isNew).toBe(true);
    expect(await readAll(blobs.open(hash))).toBe('whole result');
  });

  it('gives a blob a second name, and leaves a file that has that name already', async () => {
    const blobs = openBlobs();
    const { hash } = await blobs.put(stream('picture'), LIMITS);
    await writeFile(join(folder, 'taken.png'), 'older');

    await blobs.linkTo(hash, join(folder, 'out', '20260102', 'a.png'));
    await blobs.linkTo(hash, join(folder, 'taken.png'));

    expect(await readFile(join(folder, 'out', '20260102', 'a.png'), 'utf8')).toBe('picture');
    expect(await readFile(join(folder, 'taken.png'), 'utf8')).toBe('older');
  });

  it('says what the file system refused', async () => {
    await writeFile(join(folder, 'a file'), '');
    const blobs = openBlobs('a file');

    await expect(blobs.put(stream('bytes'), LIMITS)).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(blobs.linkTo('ab12', join(folder, 'x.png'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('finishes what was handed over before it closes, and then refuses', async () => {
    const blobs = openBlobs();
    const storing = Promise.all(['a', 'b', 'c'].map((text) => blobs.put(stream(text), LIMITS)));
    await blobs.put(stream('first'), LIMITS);

    await scope.close();

    expect((await storing).map(({ isNew }) => isNew)).toEqual([true, true, true]);
    await expect(blobs.put(stream('late'), LIMITS)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
