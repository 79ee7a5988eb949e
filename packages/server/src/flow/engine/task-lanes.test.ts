import type { ObjectInfo } from '@comfleet/comfyui';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import { toWorkerKind, type WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { readNeeds } from '../placement/read-needs.ts';
import type { TaskRequirements } from '../tasks/requirements.ts';
import { TaskLanes } from './task-lanes.ts';

const SAMPLERS = ['euler', 'dpmpp_2m', 'heun', 'lcm'];
const FILTERS = ['Blur', 'Sharpen', 'Invert', 'Scale', 'Crop', 'Rotate'];

/** A kind of worker with extra checkpoints and classes besides those that both have. */
function createKind(
  checkpoints: readonly string[],
  classes: readonly string[],
  uploads: string[] = [],
): WorkerKind {
  const objectInfo: ObjectInfo = {
    Loader: { input: { required: { file: [[...checkpoints]] } } },
    Sampler: { input: { required: { sampler: [[...SAMPLERS]] } } },
    LoadImage: { input: { required: { image: [uploads, { image_upload: true }] } } },
    Save: { input: { required: {} }, output_node: true },
  };
  for (const name of classes) objectInfo[name] = { input: { required: {} } };
  const models = new Map([['checkpoints', new Set(checkpoints)]]);
  return toWorkerKind({ objectInfo, models, classTypes: new Set(Object.keys(objectInfo)) });
}

const ALL = ['a.safetensors', 'b.safetensors', 'c.safetensors'];
const SMALL = createKind(ALL, FILTERS.slice(0, 4));
const LARGE = createKind(ALL, FILTERS.slice(2));

interface RequestedTask {
  model: string;
  sampler: string;
  filter: string;
  width: number;
}

function toRequirements(
  { model, sampler, filter, width }: RequestedTask,
  kinds: readonly WorkerKind[],
): string {
  const graph = {
    '1': { class_type: 'Loader', inputs: { file: model } },
    '2': { class_type: 'Sampler', inputs: { sampler, model: ['1', 0], width } },
    '3': { class_type: filter, inputs: { image: ['2', 0] } },
    '4': { class_type: 'Save', inputs: { image: ['3', 0] } },
  };
  const read = { ...readNeeds(graph, kinds, () => false), taskType: 'custom', excludedWorkers: [] };
  const requirements: TaskRequirements = { ...read, inputs: [], inputBytes: 0 };
  return JSON.stringify(requirements);
}

const BASE: RequestedTask = { model: 'a.safetensors', sampler: 'euler', filter: 'Scale', width: 512 };

function openLanes(...kinds: WorkerKind[]): TaskLanes {
  const lanes = new TaskLanes();
  for (const [index, kind] of kinds.entries()) lanes.record(named(`worker-${index}`), kind);
  return lanes;
}

describe('lanes', () => {
  test('grow with model sets and kinds of workers, not with graphs: 1,000 of three sets on two kinds', () => {
    const arbitraryTask = fc.record({
      model: fc.constantFrom(...ALL),
      sampler: fc.constantFrom(...SAMPLERS),
      filter: fc.constantFrom(...FILTERS),
      width: fc.integer({ min: 64, max: 4096 }),
    });
    const lanes = openLanes(SMALL, LARGE);
    const graphs = fc.sample(arbitraryTask, { numRuns: 1000, seed: 1 });
    const keys = new Set(graphs.map((graph) => lanes.find(toRequirements(graph, lanes.kinds)).key));

    expect(keys.size).toBe(9);
  });

  test('of a task is another one once a new kind of worker can run it, and again when it has left', () => {
    const lanes = openLanes(SMALL);
    const requirements = toRequirements(BASE, lanes.kinds);
    const before = lanes.find(requirements).key;
    expect(lanes.record(named('another'), LARGE)).toBe(true);
    const between = lanes.find(requirements).key;
    expect(lanes.record(named('another'), null)).toBe(true);

    expect(between).not.toBe(before);
    expect(lanes.find(requirements).key).toBe(before);
  });

  test('stay as they are when one more worker of a kind comes, whatever was uploaded to it', () => {
    const lanes = openLanes(SMALL);
    const uploaded = createKind(ALL, FILTERS.slice(0, 4), ['mine.png']);

    expect(lanes.record(named('another'), uploaded)).toBe(false);
    expect(lanes.record(named('another'), null)).toBe(false);
  });

  test('know a worker that replaces more classes than another one with the same object_info', () => {
    const objectInfo: ObjectInfo = { Save: { input: { required: {} } } };
    const models = new Map<string, Set<string>>();
    const plain = toWorkerKind({ objectInfo, models, classTypes: new Set(['Save']) });
    const replacing = toWorkerKind({ objectInfo, models, classTypes: new Set(['Save', 'OldSave']) });

    expect(openLanes(plain).record(named('another'), replacing)).toBe(true);
  });

  test('stay as they are when a kind comes that cannot run the task', () => {
    const lanes = openLanes(SMALL);
    const requirements = toRequirements({ ...BASE, filter: 'Blur' }, lanes.kinds);
    const before = lanes.find(requirements).key;
    lanes.record(named('another'), LARGE);

    expect(lanes.find(requirements).key).toBe(before);
  });
});
