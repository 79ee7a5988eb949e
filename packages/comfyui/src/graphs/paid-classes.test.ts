import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Graph } from './graph.ts';
import type { ObjectInfo } from './object-info.ts';
import { findPaidClasses, isPaidClass } from './paid-classes.ts';

/** From servers that were started without --disable-api-nodes; a few of 253 and 113 classes of comfy_api_nodes. */
const load = (version: string): ObjectInfo =>
  JSON.parse(readFileSync(new URL(`../../test-data/api-nodes-${version}.json`, import.meta.url), 'utf8'));
const OLD = load('0.3.64');
const NEW = load('0.33.0');

const vectorize: Graph = {
  '1': { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  '2': { class_type: 'RecraftVectorizeImageNode', inputs: { image: ['1', 0] } },
  '3': { class_type: 'SaveSVGNode', inputs: { svg: ['2', 0], filename_prefix: 'svg' } },
};

describe.each([
  ['0.3.64', OLD],
  ['0.33.0', NEW],
])('TD16 paid nodes as ComfyUI %s tells them', (_version, objectInfo) => {
  it('are those with api_node true, whether they end in an output or are one', () => {
    expect(findPaidClasses(vectorize, [objectInfo])).toEqual({
      fed: ['RecraftVectorizeImageNode'],
      idle: [],
    });
    const rig = { '1': { class_type: 'TripoRigNode', inputs: { original_model_task_id: ['9', 0] } } };
    expect(findPaidClasses(rig, [objectInfo])).toEqual({ fed: ['TripoRigNode'], idle: [] });
  });

  it('are not the helpers beside them, nor ordinary nodes', () => {
    expect(isPaidClass(objectInfo, 'RecraftControls')).toBe(false);
    expect(isPaidClass(objectInfo, 'SaveImage')).toBe(false);
    expect(isPaidClass(objectInfo, 'constructor')).toBe(false);
  });
});

it('TD16 a paid node that feeds no output costs nothing; beside one that does, its class does', () => {
  const idle: Graph = {
    '1': { class_type: 'EmptyImage', inputs: {} },
    '2': { class_type: 'RecraftVectorizeImageNode', inputs: { image: ['1', 0] } },
    '3': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
  };

  expect(findPaidClasses(idle, [NEW])).toEqual({ fed: [], idle: ['RecraftVectorizeImageNode'] });
  const both = {
    ...idle,
    '4': { class_type: 'SaveSVGNode', inputs: { svg: ['5', 0] } },
    '5': idle['2'] ?? never(),
  };
  expect(findPaidClasses(both, [NEW])).toEqual({ fed: ['RecraftVectorizeImageNode'], idle: [] });
});

it('TD16 one server that knows the class is enough; without any nothing is known to be paid', () => {
  const { RecraftVectorizeImageNode: _paid, ...without } = NEW;

  expect(findPaidClasses(vectorize, [without, OLD]).fed).toEqual(['RecraftVectorizeImageNode']);
  expect(findPaidClasses(vectorize, [without])).toEqual({ fed: [], idle: [] });
  expect(findPaidClasses(vectorize, [])).toEqual({ fed: [], idle: [] });
});

function never(): never {
  throw new Error('the node is there');
}
