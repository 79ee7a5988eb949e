import type { ModelKind } from '@comfleet/comfyui';
import { expect, test } from 'vitest';
import { listFleetModels, type ModelHolder } from './fleet-models.ts';

function holder(
  name: string,
  files: Record<string, string[]>,
  sizes: Record<string, number> = {},
  kinds: Record<string, ModelKind | null> = {},
): ModelHolder {
  return {
    name,
    state: 'online',
    inventory: {
      objectInfo: {
        CheckpointLoaderSimple: { input: { required: { ckpt_name: [files.checkpoints ?? []] } } },
        Detector: { input: { required: { model_name: [['bbox/face.pt', 'none']] } } },
      },
      classTypes: new Set(['CheckpointLoaderSimple', 'Detector']),
      models: new Map(Object.entries(files).map(([folder, names]) => [folder, new Set(names)])),
      modelSizes: new Map([['checkpoints', new Map(Object.entries(sizes))]]),
      modelKinds: new Map([['checkpoints', new Map(Object.entries(kinds))]]),
    },
  };
}

const HOLDERS = [
  holder('gpu-1', { checkpoints: ['v1-5.safetensors', 'mine.safetensors'], loras: ['sdxl/ink.safetensors'] }),
  holder('gpu-2', { checkpoints: ['v1-5.safetensors'] }, { 'v1-5.safetensors': 2132625894 }),
  { name: 'never-heard', state: 'offline' as const, inventory: null },
];
const ALL = { limit: 100 };

test('TD13 lists each file once, with its folder, kind, size and the workers that list it', () => {
  expect(listFleetModels(HOLDERS, {}, ALL)).toEqual({
    models: [
      {
        folder: null,
        name: 'bbox/face.pt',
        kind: null,
        size_bytes: null,
        inputs: ['Detector.model_name'],
        workers: ['gpu-1', 'gpu-2'],
        away: [],
      },
      {
        folder: 'checkpoints',
        name: 'mine.safetensors',
        kind: null,
        size_bytes: null,
        inputs: [],
        workers: ['gpu-1'],
        away: [],
      },
      {
        folder: 'checkpoints',
        name: 'v1-5.safetensors',
        kind: 'sd1',
        size_bytes: 2132625894,
        inputs: [],
        workers: ['gpu-1', 'gpu-2'],
        away: [],
      },
      {
        folder: 'loras',
        name: 'sdxl/ink.safetensors',
        kind: 'sdxl',
        size_bytes: null,
        inputs: [],
        workers: ['gpu-1'],
        away: [],
      },
    ],
    next_cursor: null,
  });
});

test.each([
  [{ folder: 'loras' }, ['sdxl/ink.safetensors']],
  [{ kind: 'sd1' }, ['v1-5.safetensors']],
  [{ worker: 'gpu-2' }, ['bbox/face.pt', 'v1-5.safetensors']],
  [{ worker: 'never-heard' }, []],
])('lists only what is requested: %j', (filter, names) => {
  expect(listFleetModels(HOLDERS, filter, ALL).models.map(({ name }) => name)).toEqual(names);
});

test('returns pages that follow one another', () => {
  const first = listFleetModels(HOLDERS, {}, { limit: 3 });
  const second = listFleetModels(HOLDERS, {}, { limit: 3, cursor: first.next_cursor ?? '' });

  expect(first.models.map(({ name }) => name)).toEqual([
    'bbox/face.pt',
    'mine.safetensors',
    'v1-5.safetensors',
  ]);
  expect(second.models.map(({ name }) => name)).toEqual(['sdxl/ink.safetensors']);
  expect(second.next_cursor).toBeNull();
});

test('the header says more of a kind than the name, whichever worker read it', () => {
  const files = { checkpoints: ['sdxl.safetensors'] };
  const holders = [holder('gpu-1', files), holder('gpu-2', files, {}, { 'sdxl.safetensors': 'sd1_inpaint' })];

  const { models } = listFleetModels(holders, { folder: 'checkpoints' }, ALL);
  expect(models.map(({ kind }) => kind)).toEqual(['sd1_inpaint']);
});

test('TD13 names which of the workers of a file are away', () => {
  const files = { checkpoints: ['v1-5.safetensors'] };
  const holders: ModelHolder[] = [holder('gpu-1', files), { ...holder('gpu-2', files), state: 'offline' }];

  const { models } = listFleetModels(holders, { folder: 'checkpoints' }, ALL);
  expect(models).toMatchObject([{ workers: ['gpu-1', 'gpu-2'], away: ['gpu-2'] }]);
});
