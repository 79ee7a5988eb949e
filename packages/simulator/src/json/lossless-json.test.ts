import { describe, expect, it } from 'vitest';
import { JsonSyntaxError, parseJson, writeJson } from './lossless-json.ts';

describe('parseJson and writeJson', () => {
  it.each([
    ['a seed of 64 bits', '18446744073709551615'],
    ['a whole float', '1.0'],
    ['negative zero', '-0.0'],
    ['not a number', 'NaN'],
    ['minus infinity', '-Infinity'],
    ['integer keys in their order', '{"10": 1, "2": 2}'],
    ['escapes beyond ASCII', '"\\u00e9\\ud83d\\ude00\\u007f"'],
    ['nested values', '{"a": [1, {"b": null}, true, "x"], "c": {}}'],
  ])('keeps %s', (_what, text) => {
    expect(writeJson(parseJson(text))).toBe(text);
  });

  it.each([
    ['1e3', '1000.0'],
    ['1E-7', '1e-07'],
    ['1.5e300', '1.5e+300'],
    ['-0', '0'],
    ['[1,2]', '[1, 2]'],
  ])('writes %s as Python does: %s', (text, expected) => {
    expect(writeJson(parseJson(text))).toBe(expected);
  });

  it.each(['', '{', '{"a" 1}', '[1,]', '01', '"\n"', 'nul', '{} x', '"\\x"'])('refuses %j', (text) => {
    expect(() => parseJson(text)).toThrow(JsonSyntaxError);
  });

  it('refuses nesting that would exhaust the stack', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow(JsonSyntaxError);
  });
});
