import { OfferedChoices } from '@comfleet/comfyui';
import { expect, test } from 'vitest';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { NeedsResolver } from './needs-resolver.ts';

const KIND: WorkerKind = {
  id: 'kind',
  classTypes: new Set(['Loader']),
  models: new Map([['checkpoints', new Set(['a.safetensors'])]]),
  choices: new OfferedChoices({ Loader: { input: { required: { file: [['a.safetensors'], {}] } } } }),
};

const needs = (value: string) => ({
  taskType: 'custom',
  classTypes: ['Loader'],
  models: [],
  choices: [{ classType: 'Loader', inputName: 'file', value }],
  excludedWorkers: [],
});

test('equal needs are resolved once, others by themselves', () => {
  const resolver = new NeedsResolver([KIND]);
  const first = resolver.resolve(needs('a.safetensors'));

  expect(resolver.resolve(needs('a.safetensors'))).toBe(first);
  expect(first).toMatchObject({ kinds: ['kind'], needs: { models: [{ name: 'a.safetensors' }] } });
  expect(resolver.resolve(needs('b.safetensors')).needs.choices).toMatchObject([{ value: 'b.safetensors' }]);
});
