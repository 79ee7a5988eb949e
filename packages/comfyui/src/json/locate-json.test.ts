import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findJsonBreak, findJsonKey } from './locate-json.ts';

it.each([
  ['a comma before the end', '{\n  "1": {},\n}', 3, 1],
  ['a word that is none', '{\n  "1": { "a": x }\n}', 2, 15],
  ['a missing comma', '{ "1": {}\n  "2": {} }', 2, 3],
  ['an end too early', '{\n  "1": {\n', 3, 1],
  ['something behind the end', '{}\n{}', 2, 1],
  ['a line break in a text', '{ "a": "b\nc" }', 1, 8],
  ['the wrong bracket', '[1, 2}', 1, 6],
  ['nothing at all', '', 1, 1],
])('finds %s', (_what, text, line, column) => {
  expect(findJsonBreak(text)).toEqual({ line, column });
});

it('finds a break exactly where JSON.parse refuses', () => {
  const isJson = (text: string): boolean => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const edit = fc.record({
    value: fc.jsonValue(),
    at: fc.nat(),
    put: fc.constantFrom('', ',', '"', '}', ']', ':', '1', '\\', ' '),
  });
  fc.assert(
    fc.property(edit, ({ value, at, put }) => {
      const whole = JSON.stringify(value, null, 1);
      const place = at % (whole.length + 1);
      const text = whole.slice(0, place) + put + whole.slice(place + 1);
      expect(findJsonBreak(text) === null).toBe(isJson(text));
    }),
  );
});

it('takes characters that look like control characters, and lone surrogates', () => {
  expect(findJsonBreak('["\u007f\u0085\ud800é😀"]')).toBeNull();
});

it('takes the numbers that Python writes', () => {
  expect(findJsonBreak('{"a": NaN, "b": [-Infinity, 18446744073709551615]}')).toBeNull();
});

it('finds a key by its path, and never one of the same name elsewhere', () => {
  const text = '{\n  "a": { "x": 1 },\n  "2": { "list": [{ "x": 2 }],\n    "inputs": { "x": 3 } }\n}';

  expect(findJsonKey(text, ['2', 'inputs', 'x'])).toEqual({ line: 4, column: 17 });
  expect(findJsonKey(text, ['2'])).toEqual({ line: 3, column: 3 });
  expect(findJsonKey(text, ['2', 'x'])).toBeNull();
});

it('reads a text of 4 MB without running out of stack', () => {
  const text = JSON.stringify({ a: 'x\\"'.repeat(1_000_000) });

  expect(findJsonBreak(`${text},`)).toEqual({ line: 1, column: text.length + 1 });
});
