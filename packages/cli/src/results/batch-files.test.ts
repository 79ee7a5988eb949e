import { describe, expect, it } from 'vitest';
import { createManifest, findUnknownPlaceholder, nameItemFile, USUAL_NAMES } from './batch-files.ts';

const ITEM = { item: 7, total: 40, seed: '42', prompt: 'A cat, "sleeping" / ink' };
const RESULT = { name: 'sd_basic_00001_.png', index: 0, asset_id: 'a' };

describe('nameItemFile', () => {
  it.each([
    ['the usual names', USUAL_NAMES, ITEM, '007-42-A-cat-sleeping-ink.png'],
    ['a larger batch', '{index}', { ...ITEM, total: 10_000 }, '00007.png'],
    ['signs of its own', '{prompt} ({seed})', ITEM, 'A-cat-sleeping-ink (42).png'],
    ['no seed and no prompt', USUAL_NAMES, { ...ITEM, seed: null, prompt: null }, '007.png'],
    ['Chinese', '{index}_{prompt}', { ...ITEM, prompt: '海边的玻璃瓶，清晨' }, '007_海边的玻璃瓶-清晨.png'],
    ['nothing at all', '{prompt}', { ...ITEM, prompt: '...' }, '007.png'],
    ['a folder', 'x/../{index}', ITEM, 'x-..-007.png'],
    [
      'a long prompt',
      '{prompt}',
      { ...ITEM, prompt: 'word '.repeat(50) },
      `${'word-'.repeat(12).slice(0, -1)}.png`,
    ],
  ])('CL4 makes a name of %s', (_what, pattern, item, name) => {
    expect(nameItemFile(pattern, item, RESULT)).toBe(name);
  });

  it('numbers further results of an item, each with its own ending', () => {
    const names = [RESULT, { ...RESULT, index: 1, name: 'clip.webm' }].map((result) =>
      nameItemFile('{index}', ITEM, result),
    );
    expect(names).toEqual(['007.png', '007-2.webm']);
  });
});

it('knows which placeholders a pattern should not have', () => {
  expect(findUnknownPlaceholder('{index}-{seed}-{prompt}')).toBeNull();
  expect(findUnknownPlaceholder('{index}-{task}')).toBe('{task}');
});

it('CL4 a manifest says of each item, in order, what was asked for and what came of it', () => {
  const task = (id: string, status: 'succeeded' | 'failed', seed: string) =>
    ({ task_id: id, status, seed, parameters: { prompt: `prompt of ${id}`, steps: 2 } }) as never;
  const batch = {
    batch_id: 'b',
    name: null,
    created_at: '2026-01-01T00:00:00.000Z',
    tasks: [task('one', 'succeeded', '1'), task('two', 'failed', '2')],
  };

  expect(createManifest(batch, new Map([['one', ['001-1.png']]]))).toEqual({
    batch_id: 'b',
    name: null,
    created_at: '2026-01-01T00:00:00.000Z',
    items: [
      {
        item: 1,
        task_id: 'one',
        status: 'succeeded',
        prompt: 'prompt of one',
        seed: '1',
        parameters: { prompt: 'prompt of one', steps: 2 },
        files: ['001-1.png'],
      },
      {
        item: 2,
        task_id: 'two',
        status: 'failed',
        prompt: 'prompt of two',
        seed: '2',
        parameters: { prompt: 'prompt of two', steps: 2 },
        files: [],
      },
    ],
  });
});
