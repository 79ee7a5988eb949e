import { expect, test } from 'vitest';
import { RecentValues } from './recent-values.ts';

test('a value is made once, until it is the least recently used of too many', () => {
  const made: string[] = [];
  const values = new RecentValues<string, { name: string }>(2);
  const use = (name: string) =>
    values.use(name, () => {
      made.push(name);
      return { name };
    });

  const first = use('a');
  use('b');
  expect(use('a')).toBe(first);
  use('c');
  expect(made).toEqual(['a', 'b', 'c']);
  expect(values.peek('b')).toBeUndefined();
  expect(values.peek('a')).toBe(first);
});

test('looking at a value does not keep it, and a clear drops all', () => {
  const values = new RecentValues<string, { name: string }>(2);
  for (const name of ['a', 'b']) values.use(name, () => ({ name }));

  values.peek('a');
  values.use('c', () => ({ name: 'c' }));
  expect(values.peek('a')).toBeUndefined();
  values.clear();
  expect(values.peek('c')).toBeUndefined();
});
