import { ComfyError } from '@comfleet/comfyui';
import { expect, test } from 'vitest';
import { loadModelSizes } from './model-sizes.ts';

const signal = new AbortController().signal;

test('sizes are requested folder by folder; a missing or wrong one is left out', async () => {
  const asked: string[] = [];
  const loadSizes = async (folder: string) => {
    asked.push(folder);
    if (folder === 'configs') return null;
    if (folder === 'loras') throw new ComfyError('INVALID_BODY', 'no JSON');
    return new Map([['a.safetensors', 5]]);
  };

  const sizes = await loadModelSizes({ loadModelSizes: loadSizes }, ['configs', 'loras', 'vae'], signal);

  expect(asked).toEqual(['configs', 'loras', 'vae']);
  expect(sizes).toEqual(new Map([['vae', new Map([['a.safetensors', 5]])]]));
});

test('a worker that does not respond is not taken for one without sizes', async () => {
  const loadSizes = async () => {
    throw new ComfyError('CONNECTION_REFUSED', 'refused');
  };

  await expect(loadModelSizes({ loadModelSizes: loadSizes }, ['vae'], signal)).rejects.toThrow('refused');
});
