import { expect, test } from 'vitest';
import { readSentText } from './text.ts';
import { textSchema } from './text-schema.ts';

const INNER = { code: 'b', params: {} };

test.each([
  [true, { code: 'a', params: {} }],
  [true, { code: 'a', params: { name: 'x', count: 2, inner: INNER, list: [INNER, INNER] } }],
  [false, null],
  [false, 'a'],
  [false, [INNER]],
  [false, { code: 'a' }],
  [false, { code: 1, params: {} }],
  [false, { code: 'a', params: [] }],
  [false, { code: 'a', params: { flag: true } }],
  [false, { code: 'a', params: { count: Number.NaN } }],
  [false, { code: 'a', params: { list: ['x'] } }],
  [false, { code: 'a', params: { inner: { code: 'b', params: { nothing: null } } } }],
])('%s: %j is a text, by hand and by schema', (isText, value) => {
  expect(readSentText(value)).toEqual(isText ? value : null);
  expect(textSchema.safeParse(value).success).toBe(isText);
});
