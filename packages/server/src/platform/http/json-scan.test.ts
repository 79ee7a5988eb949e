import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppError } from '../errors/app-error.ts';
import { JsonScan } from './json-scan.ts';

const LIMITS = { values: 10, depth: 3 };

/** The reason for which a text is refused that arrives in pieces of `size` bytes; null when it passes. */
function scan(text: string, size = 4): unknown {
  const bytes = Buffer.from(text);
  const found = new JsonScan(LIMITS);
  try {
    for (let at = 0; at < bytes.length; at += size) found.add(bytes.subarray(at, at + size));
    return null;
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.details : thrown;
  }
}

test.each([
  ['[0,1,2,3,4,5,6,7,8,9]', null],
  ['[0,1,2,3,4,5,6,7,8,9,10]', 'too_many_values'],
  ['{"a":{"b":{}},"c":[1,2,3,4,5,6]}', null],
  ['{"a":{"b":{}},"c":[1,2,3,4,5,6,7,8]}', 'too_many_values'],
  ['[[[]]]', null],
  ['[[[[]]]]', 'nested_too_deep'],
  ['[[],[],[]]', null],
  ['"[[[[,,,,,,,,,,,"', null],
  ['"\\"[[[[\\\\\\",,,,,,,,,,,"', null],
  ['["\\\\",[[[1]]]]', 'nested_too_deep'],
])('%s', (text, reason) => {
  expect(scan(text)).toEqual(reason === null ? null : expect.objectContaining({ reason }));
});

test('the pieces in which a text arrives make no difference', () => {
  fc.assert(
    fc.property(fc.json(), fc.integer({ min: 1, max: 9 }), (text, size) => {
      expect(scan(text, size)).toEqual(scan(text, text.length + 1));
    }),
  );
});

test('what is refused names the setting', () => {
  expect(scan('[[[[')).toEqual({ reason: 'nested_too_deep', limit: 3, setting: 'limits.json_depth' });
});
