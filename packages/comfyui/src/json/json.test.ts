import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLosslessJson, stringifyLosslessJson, toPlainJson } from './lossless-json.ts';
import { isLosslessNumber, toLosslessNumber } from './lossless-number.ts';
import { parseTolerantJson } from './tolerant-json.ts';

describe('lossless JSON', () => {
  it.each([
    '18446744073709551615',
    '9007199254740993',
    '1.0',
    '1',
    '-0',
    '1e5',
    '1E+5',
    '0.30000000000000004440892098500626',
    '[1.0,1]',
    '{"seed":18446744073709551615,"cfg":7.50,"text":"a \\"b\\" \\u0001 \\\\ ü 🙂"}',
    '{"a":[],"b":{},"c":null,"d":true}',
    '{"__proto__":1}',
  ])('WF23 %s is written as it was read', (text) => {
    expect(stringifyLosslessJson(parseLosslessJson(text))).toBe(text);
  });

  it('keeps what any JSON value says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(stringifyLosslessJson(parseLosslessJson(text)))).toEqual(JSON.parse(text));
        expect(toPlainJson(parseLosslessJson(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it("reads Python's bare NaN and Infinity, and leaves strings that look like them alone", () => {
    const text = '{"a":NaN,"b":[Infinity,-Infinity],"NaN":"NaN, \\"Infinity","seed":18446744073709551615}';
    expect(stringifyLosslessJson(parseLosslessJson(text))).toBe(text);
    expect(parseTolerantJson(text)).toEqual({
      a: Number.NaN,
      b: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      NaN: 'NaN, "Infinity',
      seed: 18446744073709552000,
    });
  });

  it('of duplicate keys the last wins', () => {
    expect(stringifyLosslessJson(parseLosslessJson('{"a":1,"a":2}'))).toBe('{"a":2}');
  });

  it.each([
    '',
    '{',
    '{"a":}',
    'nope',
    '[1,]',
    'NaNa',
    '{"a":1}x',
    '01',
    '1.',
    '-',
    '1.0"a"',
    '[1-2.5]',
    '{NaN:1}',
  ])('refuses %j', (text) => {
    expect(() => parseLosslessJson(text)).toThrow(SyntaxError);
    expect(() => parseTolerantJson(text)).toThrow(SyntaxError);
  });

  it('refuses nesting that would overflow the stack', () => {
    expect(() => parseLosslessJson('['.repeat(200_000))).toThrow(SyntaxError);
  });

  it('takes no object for a number, whatever its fields say', () => {
    const text = '{"isLosslessNumber":true,"value":"1,\\"class_type\\":2"}';
    expect(isLosslessNumber(parseLosslessJson(text))).toBe(false);
    expect(stringifyLosslessJson(parseLosslessJson(text))).toBe(text);
  });

  it.each(['㐀1.0', '\\u34001.0', 'number#0:1.0'])(
    'leaves the text %s beside a number that is kept',
    (text) => {
      const json = `{"a":"${text}","b":1.0}`;
      expect(JSON.parse(stringifyLosslessJson(parseLosslessJson(json)))).toEqual(JSON.parse(json));
    },
  );

  it('refuses a number in place of a name', () => {
    expect(() => parseLosslessJson('{1.0:1}')).toThrow(SyntaxError);
  });

  it('writes plain numbers, bigints and made lossless numbers', () => {
    expect(
      stringifyLosslessJson({ a: 1.5, b: 2n ** 64n - 1n, c: toLosslessNumber('1.0'), d: undefined }),
    ).toBe('{"a":1.5,"b":18446744073709551615,"c":1.0}');
  });

  it('refuses what JSON cannot hold', () => {
    expect(() => stringifyLosslessJson(undefined)).toThrow(TypeError);
  });
});
