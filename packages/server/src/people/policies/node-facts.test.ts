import { type Graph, type ObjectInfo, parseLosslessJson, parseNodeReplacements } from '@comfleet/comfyui';
import { expect, test } from 'vitest';
import { type PolicyServer, readNodeFacts } from './node-facts.ts';

const objectInfo: ObjectInfo = {
  KSampler: { input: { required: { steps: ['INT', {}] } }, output: ['LATENT'] },
  CLIPTextEncodeSDXL: { input: { required: { width: ['INT', {}] } }, output: ['CONDITIONING'] },
  GeminiNode: { input: {}, output: ['IMAGE'], api_node: true },
  CheckpointLoaderSimple: {
    input: { required: { ckpt_name: [['sdxl/base.safetensors', 'None'], {}] } },
    output: ['MODEL'],
  },
  DiffusersLoader: { input: { required: { model_path: [['flux-dev', 'None'], {}] } }, output: ['MODEL'] },
  NewNode: { input: { required: { width: ['INT', {}] } }, output: ['IMAGE'] },
};

const server: PolicyServer = {
  objectInfo,
  classTypes: new Set(Object.keys(objectInfo)),
  models: new Map([
    ['checkpoints', new Set(['sdxl/base.safetensors'])],
    ['diffusers', new Set(['flux-dev'])],
  ]),
  replacements: parseNodeReplacements({
    OldNode: [{ new_node_id: 'NewNode', input_mapping: [{ new_id: 'width', old_id: 'across' }] }],
  }),
};

function read(graph: Graph, servers: readonly PolicyServer[] = [server]) {
  return [...readNodeFacts(graph, servers, { inputs: true })];
}

function sizesOf(inputs: Record<string, unknown>, classType = 'EmptyLatentImage') {
  const [facts] = read({ '1': { class_type: classType, inputs } });
  return facts?.sizes.map(({ limit, value }) => [limit, value]);
}

test.each<[written: string, sizes: unknown]>([
  [
    '{"width":512,"height":768}',
    [
      ['width', 512],
      ['height', 768],
      ['pixels', 393_216],
    ],
  ],
  [
    '{"resize.width":8,"resize.height":2}',
    [
      ['width', 8],
      ['height', 2],
      ['pixels', 16],
    ],
  ],
  ['{"width":["7",0],"height":768}', [['height', 768]]],
  ['{"width":"4096"}', [['width', 4096]]],
  ['{"width":" 4_096 "}', [['width', 4096]]],
  ['{"width":"٤٠٩٦"}', [['width', Number.POSITIVE_INFINITY]]],
  ['{"width":"inf"}', [['width', Number.POSITIVE_INFINITY]]],
  ['{"width":{"__value__":4096}}', [['width', 4096]]],
  ['{"width":1e400}', [['width', Number.POSITIVE_INFINITY]]],
  ['{"width":18446744073709551615}', [['width', 18_446_744_073_709_552_000]]],
  [
    '{"length":81,"steps":20,"batch_size":4}',
    [
      ['frames', 81],
      ['steps', 20],
      ['batch_size', 4],
    ],
  ],
  ['{"megapixels":2}', [['pixels', 2_097_152]]],
  ['{"length":"auto","width":null}', []],
])('AU15 sizes are read as ComfyUI converts %s', (written, sizes) => {
  expect(sizesOf(parseLosslessJson(written) as Record<string, unknown>)).toEqual(sizes);
});

test('AU15 the width of a node that only makes conditioning is no size', () => {
  expect(sizesOf({ width: 4096, height: 4096 }, 'CLIPTextEncodeSDXL')).toEqual([]);
});

test.each<[classType: string, inputName: string, value: unknown, names: readonly string[]]>([
  [
    'CheckpointLoaderSimple',
    'ckpt_name',
    'sdxl/base.safetensors',
    ['sdxl/base.safetensors', 'checkpoints/sdxl/base.safetensors'],
  ],
  [
    'CheckpointLoaderSimple',
    'ckpt_name',
    'sdxl\\base.safetensors',
    ['sdxl/base.safetensors', 'checkpoints/sdxl/base.safetensors'],
  ],
  ['Anything', 'path', 'safe/../nsfw//a.ckpt', ['nsfw/a.ckpt']],
  ['Anything', 'path', { __value__: ['a.pt'] }, ['a.pt']],
  ['DiffusersLoader', 'model_path', 'flux-dev', ['flux-dev', 'diffusers/flux-dev']],
  ['DiffusersLoader', 'model_path', 'None', []],
  ['Anything', 'text', 'flux-dev', []],
  ['Anything', 'text', 'a prompt', []],
])('AU15 of %s the value of %s, %j, is this model file', (classType, inputName, value, names) => {
  const [facts] = read({ '1': { class_type: classType, inputs: { [inputName]: value } } });
  expect(facts?.models.flatMap((model) => model.names)).toEqual(names);
});

test('AU15 a class that the worker replaces is seen as what runs in its place', () => {
  const [facts, ...others] = read({ '1': { class_type: 'OldNode', inputs: { across: 4096 } } });
  expect(others).toEqual([]);
  expect(facts).toMatchObject({ classType: 'NewNode', writtenClass: 'OldNode' });
  expect(facts?.sizes).toEqual([{ limit: 'width', inputName: 'width', value: 4096 }]);
});

test('AU15 an API node is one that a worker declares', () => {
  const graph = { '1': { class_type: 'GeminiNode', inputs: {} } };
  expect(read(graph).map(({ isApiNode }) => isApiNode)).toEqual([true]);
  expect(read(graph, []).map(({ isApiNode }) => isApiNode)).toEqual([false]);
});
