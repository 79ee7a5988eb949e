import { OfferedChoices } from '@comfleet/comfyui';
import { describe, expect, test } from 'vitest';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { type Needs, toModelsKey } from './needs.ts';
import { resolveNeeds } from './resolve-needs.ts';

type Lists = Record<string, readonly string[]>;

function createKind(id: string, lists: Lists, models: Record<string, string[]> = {}): WorkerKind {
  const required = Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, [values]]));
  return {
    id,
    classTypes: new Set(['Loader']),
    models: new Map(Object.entries(models).map(([folder, names]) => [folder, new Set(names)])),
    choices: new OfferedChoices({ Loader: { input: { required } } }),
  };
}

function pick(choices: Record<string, string>): Needs {
  return {
    taskType: 'custom',
    classTypes: ['Loader'],
    models: [],
    choices: Object.entries(choices).map(([inputName, value]) => ({ classType: 'Loader', inputName, value })),
    excludedWorkers: [],
  };
}

const filesOf = (needs: Needs) => needs.choices?.flatMap((choice) => (choice.isFile ? [choice.value] : []));

describe('files among choices', () => {
  test('are those that end as models do, or that a listing of the fleet has', () => {
    const kind = createKind(
      'one',
      { a: ['x.gguf', 'None'], b: ['svdq-int4'], c: ['euler'] },
      { diffusion_models: ['svdq-int4'] },
    );
    const { needs } = resolveNeeds(pick({ a: 'x.gguf', b: 'svdq-int4', c: 'euler' }), [kind]);

    expect(filesOf(needs)).toEqual(['x.gguf', 'svdq-int4']);
    expect(needs.models).toEqual([
      { folder: null, name: 'x.gguf' },
      { folder: 'diffusion_models', name: 'svdq-int4' },
    ]);
  });

  test('are none where no worker lists them for that input: the worker decides about them', () => {
    const kind = createKind(
      'one',
      { a: ['y.safetensors'], b: ['x.safetensors'] },
      { loras: ['x.safetensors'] },
    );
    const { needs, kinds } = resolveNeeds(pick({ a: 'x.safetensors' }), [kind]);

    expect(filesOf(needs)).toEqual([]);
    expect(kinds).toEqual(['one']);
  });

  test('stay files while the worker that has them is away, so that no other one is tried', () => {
    const rare = createKind('rare', { a: ['x.safetensors'] }, { loras: ['x.safetensors'] });
    const other = createKind('other', { a: ['y.safetensors'] });
    const { needs } = resolveNeeds(pick({ a: 'x.safetensors' }), [rare, other]);

    const away = resolveNeeds(needs, [other]);
    expect(away.kinds).toEqual([]);
    expect(away.needs.models).toEqual([{ folder: 'loras', name: 'x.safetensors' }]);
    expect(resolveNeeds(away.needs, [rare, other]).kinds).toEqual(['rare']);
  });

  test('stand in the folder whose listing is most like the list they were picked from', () => {
    const models = {
      checkpoints: ['x.safetensors', 'big.safetensors'],
      loras: ['x.safetensors', 'style.safetensors'],
    };
    const kind = createKind('one', { any: ['x.safetensors', 'style.safetensors'] }, models);
    const { needs } = resolveNeeds(pick({ any: 'x.safetensors' }), [kind]);

    expect(needs.models).toEqual([{ folder: 'loras', name: 'x.safetensors' }]);
    expect(toModelsKey(needs)).toBe('');
  });

  test('that a worker lacks rule it out; other choices only put it behind', () => {
    const both = createKind('both', { file: ['x.safetensors'], mode: ['fast'] });
    const slow = createKind('slow', { file: ['x.safetensors'], mode: ['slow'] });
    const lacking = createKind('lacking', { file: ['y.safetensors'], mode: ['fast'] });

    expect(resolveNeeds(pick({ file: 'x.safetensors', mode: 'fast' }), [both, slow, lacking]).kinds).toEqual([
      'both',
      'slow?',
    ]);
    expect(resolveNeeds(pick({ file: 'x.safetensors', mode: 'odd' }), [both, slow]).kinds).toEqual([
      'both',
      'slow',
    ]);
  });
});

test('tasks of older versions are compared with listings by folder, as far as a worker has them', () => {
  const kinds = [
    createKind('has', {}, { checkpoints: ['a.safetensors'] }),
    createKind('lacks', {}, { checkpoints: ['b.safetensors'] }),
    createKind('silent', {}, {}),
  ];
  const models = [{ folder: 'checkpoints', name: 'a.safetensors' }];
  const { choices: _none, ...stored } = { ...pick({}), models };
  const resolved = resolveNeeds(stored, kinds);

  expect(resolved.kinds).toEqual(['has', 'silent']);
  expect(resolved.needs.models).toEqual(models);
});
