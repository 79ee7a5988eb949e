import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import {
  askForMoreVram,
  createLaneKey,
  parseRequirements,
  readStoredLane,
  type TaskRequirements,
  toInputBytes,
  toStoredLane,
} from './requirements.ts';

const BASE: TaskRequirements = {
  taskType: 'text_to_image',
  classTypes: ['KSampler', 'VAEDecode'],
  models: [
    { folder: 'checkpoints', name: 'a.safetensors' },
    { folder: 'loras', name: 'b.safetensors' },
  ],
  inputs: [],
  inputBytes: 0,
  excludedWorkers: [],
};

describe('lane of a task', () => {
  test('does not depend on the order in which needs were found', () => {
    const turned = { ...BASE, models: [...BASE.models].reverse() };

    expect(createLaneKey(turned, ['two', 'one'])).toBe(createLaneKey(BASE, ['one', 'two']));
  });

  test('is the same for tasks that differ in their input files, classes and choices only', () => {
    const another = {
      ...BASE,
      inputs: [{ nodeId: '1', inputName: 'image', assetId: named<'asset'>('asset') }],
      classTypes: ['KSamplerAdvanced'],
      choices: [{ classType: 'KSamplerAdvanced', inputName: 'sampler_name', value: 'euler' }],
    };

    expect(createLaneKey(another, ['one'])).toBe(createLaneKey(BASE, ['one']));
  });

  test.each<[string, Partial<TaskRequirements>]>([
    ['task type', { taskType: 'custom' }],
    ['model', { models: [] }],
    ['size of request', { inputBytes: 1024 ** 2 }],
    ['worker to avoid', { excludedWorkers: ['worker-1'] }],
  ])('differs for another %s', (_what, change) => {
    expect(createLaneKey({ ...BASE, ...change }, ['one'])).not.toBe(createLaneKey(BASE, ['one']));
  });

  test('differs for other kinds of workers, but starts alike, as it is the same work', () => {
    const one = createLaneKey(BASE, ['one']);
    const two = createLaneKey(BASE, ['one', 'two']);

    expect(one).not.toBe(two);
    expect(one.slice(0, 16)).toBe(two.slice(0, 16));
  });

  test('needs that only look alike when concatenated have different lanes', () => {
    const one = createLaneKey({ ...BASE, labels: ['A', 'B'] }, []);
    const other = createLaneKey({ ...BASE, labels: ['A,B'] }, []);

    expect(one).not.toBe(other);
  });
});

describe('lane as it is stored', () => {
  const store = (requirements: TaskRequirements, kinds = ['one']) =>
    toStoredLane(createLaneKey(requirements, kinds), requirements);

  test('begins with the key, and says the work behind it wherever it can run', () => {
    expect(store(BASE)).toHaveLength(48);
    expect(store(BASE).slice(0, 32)).toBe(createLaneKey(BASE, ['one']));
    expect(readStoredLane(store(BASE, ['two']))).toEqual(readStoredLane(store(BASE)));
  });

  test.each<[string, Partial<TaskRequirements>, { work: boolean; models: boolean }]>([
    [
      'the same classes in another order',
      { classTypes: ['VAEDecode', 'KSampler'] },
      { work: true, models: true },
    ],
    ['other classes', { classTypes: ['KSampler', 'VideoDecode'] }, { work: false, models: true }],
    ['other models', { models: [] }, { work: false, models: false }],
  ])('%s', (_what, change, same) => {
    const [own, other] = [readStoredLane(store(BASE)), readStoredLane(store({ ...BASE, ...change }))];

    expect({ work: own.work === other.work, models: own.models === other.models }).toEqual(same);
  });

  test('by an older version says nothing of the work', () => {
    expect(readStoredLane(createLaneKey(BASE, ['one'])).work).toBe('');
  });
});

describe('after an attempt ran out of memory', () => {
  test('more than that worker has is required if another one has it, in a separate lane', () => {
    const asked = askForMoreVram(BASE, 8, [8, 24]);

    expect(asked.minVramBytes).toBe(9);
    expect(createLaneKey(asked, [])).not.toBe(createLaneKey(BASE, []));
  });

  test.each([
    ['no other worker has more', 8, [8, 4]],
    ['it is not known what that worker has', 0, [24]],
  ])('no more is required when %s', (_case, failed, others) => {
    expect(askForMoreVram(BASE, failed, others)).toBe(BASE);
  });
});

describe('what a worker must let in', () => {
  const MIB = 1024 ** 2;

  test.each<[string, number[], number]>([
    ['nothing without files', [], 0],
    ['a small file counts as one MiB', [10], MIB],
    ['the largest of several', [10, 3.2 * MIB, 5], 4 * MIB],
    ['a file that just fits a limit of whole MiB', [100 * MIB - 1024], 100 * MIB],
    ['a file that fills the limit has no room for its form', [100 * MIB], 101 * MIB],
  ])('%s', (_what, sizes, expected) => {
    expect(toInputBytes(sizes)).toBe(expected);
  });
});

describe('requirements', () => {
  test('stored by an earlier version come without the size of inputs', () => {
    const { inputBytes: _absent, ...stored } = BASE;

    expect(parseRequirements(JSON.stringify(stored))).toEqual({ ...BASE, inputBytes: 0 });
  });
});
