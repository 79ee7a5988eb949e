import { OfferedChoices } from '@comfleet/comfyui';
import { expect, test } from 'vitest';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { NeedsJudge } from './needs-judge.ts';

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

test('equal needs are judged once, others by themselves', () => {
  const judge = new NeedsJudge([KIND]);
  const first = judge.judge(needs('a.safetensors'));

  expect(judge.judge(needs('a.safetensors'))).toBe(first);
  expect(first).toMatchObject({ kinds: ['kind'], needs: { models: [{ name: 'a.safetensors' }] } });
  expect(judge.judge(needs('b.safetensors')).needs.choices).toMatchObject([{ value: 'b.safetensors' }]);
});
