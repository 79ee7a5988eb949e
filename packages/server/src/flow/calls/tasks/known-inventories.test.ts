import { SettlingClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { createFacts } from '../../../../test/kit/board.ts';
import type { Inventory } from '../../../fleet/workers/inventory/inventory.ts';
import type { WorkerChange, WorkerRegistry } from '../../../fleet/workers/registry.ts';
import { Scope } from '../../../platform/lifecycle/scope.ts';
import { silentLogger } from '../../../platform/logging/logger.ts';
import { collectKinds, openKnownOffers } from './known-inventories.ts';

const OBJECT_INFO = {};
const MODELS = new Map([['checkpoints', new Set(['a.safetensors'])]]);

const KINDS = new Map();

function createInventory(changes: Partial<Inventory> = {}): Inventory {
  return {
    ...{ version: '0.3.64', classTypes: new Set<string>(), models: MODELS, embeddings: new Set<string>() },
    ...{ objectInfo: OBJECT_INFO, objectInfoHash: 'hash', devices: [], vramTotal: 24, maxUploadBytes: null },
    ...{ pytorchVersion: null, modelSizes: new Map(), modelKinds: KINDS, replacements: new Map() },
    fetchedAtMs: 0,
    ...changes,
  };
}

test('equal workers are one kind; other classes, models or kinds of these, memory, limits or task types make another', () => {
  const worker = (changes: Partial<Inventory> = {}, capabilities: string[] = []) => ({
    ...createFacts('gpu', { capabilities }),
    health: 'online' as const,
    inventory: createInventory(changes),
  });
  const kinds = [
    worker(),
    worker({ objectInfo: { KSampler: {} } }),
    worker({ models: new Map() }),
    worker({ modelKinds: new Map() }),
    worker({ vramTotal: 48 }),
    worker({ maxUploadBytes: 10 }),
    worker({}, ['text_to_image']),
  ];

  const known = collectKinds([...kinds, worker({ fetchedAtMs: 7 })]);
  expect(known).toHaveLength(kinds.length);
  expect(known.map(({ inventory }) => inventory)).toEqual(
    expect.arrayContaining(kinds.map(({ inventory }) => inventory)),
  );
});

test('a kind names its workers; one without a known inventory belongs to none', () => {
  const inventory = createInventory();
  const known = collectKinds([
    { ...createFacts('a'), health: 'online', inventory },
    { ...createFacts('b', { labels: ['studio'] }), health: 'online', inventory },
    { ...createFacts('c'), health: 'online', inventory: null },
  ]);

  expect(known.map(({ workers }) => workers.map(({ name, labels }) => [name, labels]))).toEqual([
    [
      ['a', []],
      ['b', ['studio']],
    ],
  ]);
});

test('a kind is online while one of its workers is, or was not checked yet', () => {
  const worker = (health: 'online' | 'offline' | 'unknown', changes: Partial<Inventory> = {}) => ({
    ...createFacts('gpu', { state: health === 'online' ? 'online' : 'offline' }),
    health,
    inventory: createInventory(changes),
  });

  const workers = [
    worker('offline'),
    worker('online'),
    worker('offline'),
    worker('offline', { vramTotal: 48 }),
    worker('unknown', { vramTotal: 80 }),
  ];
  expect(collectKinds(workers).map(({ isOnline }) => isOnline)).toEqual([true, false, true]);
});

test('the fleet is looked through again only after it has changed', () => {
  const listeners = new Set<(change: WorkerChange) => void>();
  let looks = 0;
  const fleet: Pick<WorkerRegistry, 'list' | 'onChange'> = {
    list: () => {
      looks += 1;
      return [];
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const known = openKnownOffers(new Scope('test', new SettlingClock(), silentLogger), fleet);
  known.inventories();
  const resolver = known.resolver();
  expect(known.resolver()).toBe(resolver);
  expect(looks).toBe(1);

  for (const listener of listeners)
    listener({
      type: 'worker.inventory',
      workerId: 'one' as never,
      cause: { code: 'worker.settings', params: {} },
    });
  known.inventories();
  expect(known.resolver()).not.toBe(resolver);
  expect(looks).toBe(2);
});
