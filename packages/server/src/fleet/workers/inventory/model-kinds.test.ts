import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComfyError } from '@comfleet/comfyui';
import { FakeClock } from '@comfleet/test-kit';
import { expect, onTestFinished, test } from 'vitest';
import { findModelKind, type KnownKinds, loadModelKinds } from './model-kinds.ts';

const SD1 = { 'modelspec.architecture': 'stable-diffusion-v1' };

/** A worker that returns this metadata, and records the requests. */
function createWorker(
  metadata: Record<string, Record<string, unknown> | Error>,
  baseUrl = 'http://gpu-1:8188',
) {
  const asked: string[] = [];
  const clock = new FakeClock();
  const http = {
    baseUrl,
    loadModelMetadata: async ({ folder, name }: { folder: string; name: string }) => {
      asked.push(`${folder}/${name}`);
      const found = metadata[name];
      if (found instanceof Error) throw found;
      return found ?? null;
    },
    loadFolderPaths: async (): Promise<Record<string, string[]>> => ({}),
  };
  return { asked, clock, http, deps: { http, clock, signal: new AbortController().signal } };
}

function files(names: string[], sizeBytes = 100) {
  const sizes = new Map(names.map((name) => [name, sizeBytes]));
  return { models: new Map([['checkpoints', names]]), modelSizes: new Map([['checkpoints', sizes]]) };
}

test('the metadata that a worker returns gives the kind; a file without any and a damaged one have none', async () => {
  const damaged = new ComfyError('BAD_STATUS', 'answered 500', { details: { status: 500 } });
  const { deps, asked } = createWorker({ 'a.safetensors': SD1, 'c.safetensors': damaged });

  const kinds = await loadModelKinds(
    deps,
    files(['a.safetensors', 'b.safetensors', 'c.safetensors', 'd.ckpt']),
    null,
  );

  expect(kinds.get('checkpoints')).toEqual(
    new Map([
      ['a.safetensors', 'sd1'],
      ['b.safetensors', null],
      ['c.safetensors', null],
    ]),
  );
  expect(asked).toHaveLength(3);
});

test('a file of the same name and size is asked about once', async () => {
  const { deps, asked } = createWorker({ 'a.safetensors': SD1, 'b.safetensors': SD1 });
  const known = { a: files(['a.safetensors', 'b.safetensors']), kinds: new Map([['a.safetensors', null]]) };
  const before: KnownKinds = {
    modelSizes: known.a.modelSizes,
    modelKinds: new Map([['checkpoints', new Map([...known.kinds, ['b.safetensors', 'sdxl']])]]),
  };

  const same = await loadModelKinds(deps, known.a, before);
  expect(same.get('checkpoints')).toEqual(before.modelKinds.get('checkpoints'));
  expect(asked).toEqual([]);

  const changed = await loadModelKinds(deps, files(['a.safetensors'], 101), before);
  expect(changed.get('checkpoints')).toEqual(new Map([['a.safetensors', 'sd1']]));
});

test('a worker that answers slowly is not waited for: the rest is asked the next time', async () => {
  const { deps, clock, http, asked } = createWorker({});
  http.loadModelMetadata = async ({ name }) => {
    asked.push(name);
    await clock.advance(4_000);
    return SD1;
  };

  const kinds = await loadModelKinds(
    deps,
    files(['a', 'b', 'c', 'd', 'e', 'f'].map((n) => `${n}.safetensors`)),
    null,
  );

  expect([...(kinds.get('checkpoints') ?? [])]).toHaveLength(4);
});

test('a worker on this machine is not asked: the whole header is read if its file has the reported size', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'comfleet-kinds-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const header = { 'double_blocks.0.img_attn.norm.key_norm.scale': { dtype: 'F16', shape: [128] } };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(join(folder, 'a.safetensors'), Buffer.concat([length, text]));
  const { deps, http } = createWorker({ 'a.safetensors': SD1 }, 'http://127.0.0.1:8188');
  http.loadFolderPaths = async () => ({ checkpoints: [folder] });

  const right = await loadModelKinds(deps, files(['a.safetensors'], 8 + text.length), null);
  const wrong = await loadModelKinds(deps, files(['a.safetensors'], 7), null);

  expect(right.get('checkpoints')?.get('a.safetensors')).toBe('flux');
  expect(wrong.get('checkpoints')?.get('a.safetensors')).toBe('sd1');
});

test('a worker that does not answer any more has no inventory', async () => {
  const { deps } = createWorker({ 'a.safetensors': new ComfyError('CONNECTION_REFUSED', 'gone') });

  await expect(loadModelKinds(deps, files(['a.safetensors']), null)).rejects.toThrow('gone');
});

test('without a header the name may give the kind', () => {
  const kinds = [new Map([['checkpoints', new Map([['sdxl.safetensors', null]])]])];

  expect(findModelKind(kinds, 'sdxl.safetensors')).toBe('sdxl');
  expect(findModelKind([], 'mine.safetensors')).toBeNull();
});
