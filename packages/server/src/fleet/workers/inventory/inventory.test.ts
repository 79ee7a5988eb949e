import { describe, expect, it } from 'vitest';
import {
  fromStoredInventory,
  type InventoryResponses,
  parseInventory,
  parseObjectInfo,
  parseSystemStats,
  toStoredInventory,
} from './inventory.ts';

const answers: InventoryResponses = {
  systemStats: {
    system: { comfyui_version: '0.3.64', pytorch_version: '2.8.0+cu129', argv: ['main.py', '--cpu'] },
    devices: [{ name: 'cuda:0', vram_total: 25769803776, later_field: 1 }],
  },
  objectInfo: {
    CheckpointLoaderSimple: { input: { required: { ckpt_name: [['a.safetensors']] } } },
    LoraLoader: { input: { required: { lora_name: ['COMBO', { options: ['x\\y.safetensors'] }] } } },
    CLIPVisionLoader: { input: { required: { clip_name: [['vision.safetensors']] } } },
  },
  objectInfoHash: 'hash',
  features: { max_upload_size: 104857600 },
  nodeReplacements: {
    OldLoader: [
      {
        new_node_id: 'LoraLoader',
        old_node_id: 'OldLoader',
        input_mapping: [{ new_id: 'lora_name', old_id: 'lora' }],
        output_mapping: [{ old_idx: 1, new_idx: 0 }],
      },
    ],
    OldToNowhere: [{ new_node_id: 'NotInstalled' }],
  },
  models: new Map([['checkpoints', ['sub\\a.safetensors']]]),
  modelSizes: new Map([['checkpoints', new Map([['sub/a.safetensors', 6_938_040_682]])]]),
  modelKinds: new Map([['checkpoints', new Map([['sub/a.safetensors', 'sd1' as const]])]]),
  embeddings: ['easynegative'],
  fetchedAtMs: 1_700_000_000_000,
};

describe('parseInventory', () => {
  it('reads version, classes and those it replaces, models with forward slashes, devices and the upload limit', () => {
    expect(parseInventory(answers)).toMatchObject({
      version: '0.3.64',
      pytorchVersion: '2.8.0+cu129',
      classTypes: new Set(['CheckpointLoaderSimple', 'LoraLoader', 'CLIPVisionLoader', 'OldLoader']),
      models: new Map([['checkpoints', new Set(['sub/a.safetensors'])]]),
      modelSizes: new Map([['checkpoints', new Map([['sub/a.safetensors', 6938040682]])]]),
      embeddings: new Set(['easynegative']),
      devices: [{ name: 'cuda:0', vram_total: 25769803776, later_field: 1 }],
      vramTotal: 25769803776,
      maxUploadBytes: 104857600,
    });
  });

  it.each([null, 'text', [], {}, { SaveImage: 'not a description' }])(
    'refuses %j as object_info',
    (objectInfo) => {
      expect(parseObjectInfo(objectInfo)).toBeNull();
    },
  );

  it('is the same after a round trip through SQL', () => {
    const inventory = parseInventory(answers);
    if (inventory === null) throw new Error('the answers are good');
    const stored = JSON.parse(JSON.stringify(toStoredInventory(inventory)));
    expect(fromStoredInventory(stored, inventory.objectInfo, 'hash')).toEqual(inventory);
  });

  it('is read from a row that an older version wrote, which knew no sizes and kinds', () => {
    const inventory = parseInventory(answers);
    if (inventory === null) throw new Error('the answers are good');
    const {
      model_sizes: _sizes,
      model_kinds: _kinds,
      pytorch_version: _pytorch,
      ...older
    } = toStoredInventory(inventory);

    const read = fromStoredInventory(older, inventory.objectInfo, 'hash');

    expect(read).toEqual({
      ...inventory,
      modelSizes: new Map(),
      modelKinds: new Map(),
      pytorchVersion: null,
    });
  });
});

describe('parseSystemStats', () => {
  it.each([{}, { status: 'ok' }, { system: {} }, { devices: [] }, [], 'ok', null])(
    'HR2 %j is a stranger, not ComfyUI',
    (body) => {
      expect(parseSystemStats(body)).toBeNull();
    },
  );
});
