import { describe, expect, test } from 'vitest';
import { createLaneKey, type TaskRequirements } from './requirements.ts';

const BASE: TaskRequirements = {
  taskType: 'text_to_image',
  classTypes: ['KSampler', 'VAEDecode'],
  models: [
    { folder: 'checkpoints', name: 'a.safetensors' },
    { folder: 'loras', name: 'b.safetensors' },
  ],
  inputs: [],
  excludedWorkers: [],
};

describe('lane of a task', () => {
  test('does not depend on the order in which needs were found', () => {
    const turned = {
      ...BASE,
      classTypes: [...BASE.classTypes].reverse(),
      models: [...BASE.models].reverse(),
    };

    expect(createLaneKey(turned)).toBe(createLaneKey(BASE));
  });

  test('is the same for tasks that differ in their input files only', () => {
    const withFile = { ...BASE, inputs: [{ nodeId: '1', inputName: 'image', assetId: 'asset' }] };

    expect(createLaneKey(withFile)).toBe(createLaneKey(BASE));
  });

  test.each<[string, Partial<TaskRequirements>]>([
    ['task type', { taskType: 'custom' }],
    ['node class', { classTypes: ['KSampler'] }],
    ['model', { models: [] }],
    ['worker to avoid', { excludedWorkers: ['worker-1'] }],
  ])('is another one for another %s', (_what, change) => {
    expect(createLaneKey({ ...BASE, ...change })).not.toBe(createLaneKey(BASE));
  });

  test('needs that only look alike when glued together have lanes of their own', () => {
    const one = createLaneKey({ ...BASE, classTypes: ['A', 'B'], models: [] });
    const other = createLaneKey({ ...BASE, classTypes: ['A,B'], models: [] });

    expect(one).not.toBe(other);
  });
});
