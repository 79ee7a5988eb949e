import { sep } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import { createAssetRow, createTaskRow } from '../../../test/kit/rows.ts';
import { createOutputName, createOutputPath } from './output-names.ts';

const TASK = createTaskRow({
  id: named('01890000-0000-7000-8000-0123456789ab'),
  created_at: Date.UTC(2026, 2, 4, 23, 59),
});
const PICTURE = createAssetRow({ name: 'red boat_00001_.png', created_at: Date.UTC(2026, 2, 5, 6, 7, 8) });

/** Troublesome parts of names: separators, control, reserved and multi-byte characters. */
const PARTS = ['a', '.', '/', '\\', '\u0000', '\n', '?', ':', '"', '|', '文', 'é', '😀', '{task}', '{'];

describe('name of a readable copy', () => {
  test('RS6 is made of prefix, time, item, place and task', () => {
    const task = { ...TASK, batch_index: 7 };

    expect(createOutputName(task, { ...PICTURE, output_index: 2 })).toBe(
      'red boat_20260305T060708_0007_2_0123456789ab.png',
    );
  });

  test.each([
    ['{prefix}-{task}', 'red boat-0123456789ab.png'],
    ['cover', 'cover_0123456789ab.png'],
    ['{item}_{index}_{time}_{task}', '0000_0_20260305T060708_0123456789ab.png'],
    ['{task} {nonsense}', '0123456789ab {nonsense}.png'],
    ['{task} {__proto__} {constructor}', '0123456789ab {__proto__} {constructor}.png'],
    ['{task}\u202egnp', '0123456789ab_gnp.png'],
  ])('RS6 a request’s pattern %s becomes %s', (pattern, name) => {
    expect(createOutputName({ ...TASK, file_name: pattern }, PICTURE)).toBe(name);
  });

  test('RS14 results of a project lie below p{project}/{day}, whatever the project is called', () => {
    const path = createOutputPath('/out', { ...TASK, project_id: named('42') }, PICTURE);

    expect(path).toBe(
      '/out/p42/20260304/red boat_20260305T060708_0000_0_0123456789ab.png'.split('/').join(sep),
    );
  });

  test('RS6 the second file of a task is numbered when the pattern does not distinguish it', () => {
    const names = [0, 1, 2].map((output_index) =>
      createOutputName({ ...TASK, file_name: 'cover' }, { ...PICTURE, output_index }),
    );

    expect(names).toEqual(['cover_0123456789ab.png', 'cover_0123456789ab_1.png', 'cover_0123456789ab_2.png']);
  });

  test('RS6 no two files of any tasks share a name, whatever the pattern', () => {
    const pattern = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc
        .array(fc.constantFrom('{task}', '{index}', '{prefix}', '/', '\\', '..', 'x'.repeat(150), '?'), {
          maxLength: 6,
        })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(pattern, fc.nat({ max: 400 }), fc.nat({ max: 400 }), (file_name, one, other) => {
        fc.pre(one !== other);
        const names = [TASK, { ...TASK, id: named<'task'>('01890000-0000-7000-8000-ba9876543210') }].flatMap(
          (task) =>
            [one, other].map((output_index) =>
              createOutputName({ ...task, file_name }, { ...PICTURE, output_index }),
            ),
        );
        expect(new Set(names).size).toBe(4);
      }),
    );
  });

  test('is one part of a path that every file system takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...PARTS), maxLength: 200 }), (file_name) => {
        const name = createOutputName({ ...TASK, file_name }, PICTURE);
        expect(name).not.toMatch(/[/\\<>:"|?*]/);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        expect(name.endsWith('.png')).toBe(true);
      }),
    );
  });
});

describe('folder of a readable copy', () => {
  const folderOf = (changes: Parameters<typeof createTaskRow>[0]) =>
    createOutputPath('/out', { ...TASK, ...changes }, PICTURE)
      .split(sep)
      .slice(0, -1)
      .join('/');

  test('is the day of the task, below the project where there is one', () => {
    expect(folderOf({})).toBe('/out/20260304');
    expect(folderOf({ project_id: named('42') })).toBe('/out/p42/20260304');
  });

  test('RS7 is the request’s path below the output folder', () => {
    expect(folderOf({ output_path: 'clients/red cross' })).toBe('/out/clients/red cross');
  });

  test.each([
    ['../../etc', '/out/etc'],
    ['/etc/cron.d', '/out/cron.d'],
    ['a/../../b', '/out/b'],
    ['..', '/out/output'],
    ['.', '/out/output'],
    ['a/../c', '/out/c'],
    ['a\u0007/b\u202ec/d\n', '/out/a_/b_c/d_'],
    ['x'.repeat(300), `/out/${'x'.repeat(255)}`],
  ])('RS7 %s stays below it as %s', (output_path, folder) => {
    expect(folderOf({ output_path })).toBe(folder);
  });
});
