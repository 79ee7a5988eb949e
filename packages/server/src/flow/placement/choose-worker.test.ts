import type { WorkerId } from '@comfleet/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Choice, chooseWorker, type Needs, type PlaceableWorker } from './choose-worker.ts';

const NEEDS: Needs = {
  taskType: 'text_to_image',
  classTypes: ['KSampler'],
  models: [{ folder: 'checkpoints', name: 'a.safetensors' }],
  excludedWorkers: [],
};

function createWorker(name: string, changes: Partial<PlaceableWorker> = {}): PlaceableWorker {
  return {
    id: name as WorkerId,
    online: true,
    maintenance: false,
    simulated: false,
    load: 0,
    maxConcurrent: 2,
    capabilities: [],
    classTypes: new Set(['KSampler', 'SaveImage']),
    models: new Map([['checkpoints', new Set(['a.safetensors'])]]),
    ...changes,
  };
}

/** What was refused and why, by worker; the chosen worker alone when there is one. */
function explain(choice: Choice) {
  if (choice.kind === 'worker') return choice.workerId;
  return Object.fromEntries(choice.refusals.map(({ workerId, refusal }) => [workerId, refusal]));
}

describe('choosing a worker', () => {
  test('takes the one with the smallest share of its slots in use', () => {
    const fleet = [
      createWorker('half', { load: 1, maxConcurrent: 2 }),
      createWorker('quarter', { load: 1, maxConcurrent: 4 }),
      createWorker('three quarters', { load: 3, maxConcurrent: 4 }),
    ];

    expect(explain(chooseWorker(fleet, NEEDS))).toBe('quarter');
  });

  test('is the same whatever the order of the fleet', () => {
    const fleet = [createWorker('b'), createWorker('a'), createWorker('c')];

    expect(explain(chooseWorker(fleet, NEEDS))).toBe('a');
    expect(explain(chooseWorker([...fleet].reverse(), NEEDS))).toBe('a');
  });

  test('without one every worker has its reason', () => {
    const fleet = [
      createWorker('off', { online: false }),
      createWorker('serviced', { maintenance: true }),
      createWorker('full', { load: 2 }),
      createWorker('new', { classTypes: null, models: null }),
      createWorker('video only', { capabilities: ['image_to_video'] }),
      createWorker('old', { classTypes: new Set(['SaveImage']) }),
      createWorker('poor', { models: new Map([['checkpoints', new Set(['b.safetensors'])]]) }),
    ];

    expect(explain(chooseWorker(fleet, NEEDS))).toEqual({
      off: { reason: 'offline' },
      serviced: { reason: 'maintenance' },
      full: { reason: 'full' },
      new: { reason: 'no_inventory' },
      'video only': { reason: 'task_type', missing: 'text_to_image' },
      old: { reason: 'class_type', missing: 'KSampler' },
      poor: { reason: 'model', missing: 'checkpoints/a.safetensors' },
    });
  });

  test('a folder of models that the worker does not list is not held against it', () => {
    const needs = { ...NEEDS, models: [{ folder: 'odd_folder', name: 'x.bin' }] };

    expect(explain(chooseWorker([createWorker('a')], needs))).toBe('a');
  });

  test('a worker on which the task failed is avoided while another capable one exists, even a full one', () => {
    const needs = { ...NEEDS, excludedWorkers: ['failed'] };
    const fleet = [createWorker('failed'), createWorker('full', { load: 2 })];

    expect(explain(chooseWorker(fleet, needs))).toEqual({
      failed: { reason: 'failed_here' },
      full: { reason: 'full' },
    });
  });

  test.each<[string, Partial<PlaceableWorker>]>([
    ['is offline', { online: false }],
    ['is in maintenance', { maintenance: true }],
    ['lacks the model', { models: new Map([['checkpoints', new Set<string>()]]) }],
  ])('a worker on which the task failed gets it again when the other one %s', (_why, other) => {
    const needs = { ...NEEDS, excludedWorkers: ['failed'] };

    expect(explain(chooseWorker([createWorker('failed'), createWorker('other', other)], needs))).toBe(
      'failed',
    );
  });

  test('simulated workers take nothing once a real one is registered, whatever its state', () => {
    const simulated = createWorker('simulated', { simulated: true });

    expect(explain(chooseWorker([simulated], NEEDS))).toBe('simulated');
    expect(explain(chooseWorker([simulated, createWorker('real', { online: false })], NEEDS))).toEqual({
      simulated: { reason: 'simulated_beside_real' },
      real: { reason: 'offline' },
    });
  });
});

const anyWorker: fc.Arbitrary<PlaceableWorker> = fc
  .record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    online: fc.boolean(),
    maintenance: fc.boolean(),
    simulated: fc.boolean(),
    load: fc.nat({ max: 4 }),
    maxConcurrent: fc.integer({ min: 1, max: 4 }),
    capable: fc.boolean(),
  })
  .map(({ id, capable, ...rest }) =>
    createWorker(id, { ...rest, ...(capable ? {} : { classTypes: new Set() }) }),
  );
const anyFleet = fc.uniqueArray(anyWorker, { selector: (worker) => worker.id, maxLength: 6 });
const anyExcluded = fc.subarray(['a', 'b', 'c', 'd', 'e', 'f']);

describe('choosing a worker from any fleet', () => {
  test('never takes one that is offline, in maintenance, full, or lacks something', () => {
    fc.assert(
      fc.property(anyFleet, anyExcluded, (fleet, excludedWorkers) => {
        const choice = chooseWorker(fleet, { ...NEEDS, excludedWorkers });
        const chosen = fleet.find((worker) => choice.kind === 'worker' && worker.id === choice.workerId);
        fc.pre(chosen !== undefined);
        expect(chosen).toMatchObject({ online: true, maintenance: false });
        expect(chosen?.load).toBeLessThan(chosen?.maxConcurrent ?? 0);
        expect(chosen?.classTypes?.has('KSampler')).toBe(true);
      }),
    );
  });

  test('answers a worker or one reason for each', () => {
    fc.assert(
      fc.property(anyFleet, anyExcluded, (fleet, excludedWorkers) => {
        const choice = chooseWorker(fleet, { ...NEEDS, excludedWorkers });
        const refused = choice.kind === 'none' ? choice.refusals.map(({ workerId }) => workerId) : null;
        expect(refused ?? fleet.map(({ id }) => id)).toEqual(fleet.map(({ id }) => id));
      }),
    );
  });
});
