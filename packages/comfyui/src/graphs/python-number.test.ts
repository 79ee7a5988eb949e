import { describe, expect, it } from 'vitest';
import { parseLosslessJson } from '../json/lossless-json.ts';
import { readNumber } from './python-number.ts';

describe('numbers as Python converts them', () => {
  it.each([
    ['"5"', 5n],
    ['" +5 "', 5n],
    ['"1_0"', 10n],
    ['"1__0"', null],
    ['"5.0"', null],
    ['"1e3"', null],
    ['1e3', 1000],
    ['20.9', 20],
    ['-20.9', -20],
    ['true', 1],
    ['null', null],
    ['{}', null],
    ['NaN', null],
    ['1e999', null],
    ['18446744073709551616', 18446744073709551616n],
    ['"５"', 'unsure'],
    [`"${'9'.repeat(4301)}"`, null],
    ['9'.repeat(4301), null],
  ])('int(%s)', (json, expected) => {
    expect(readNumber(parseLosslessJson(json), 'INT')).toBe(expected);
  });

  it.each([
    ['"5"', 5],
    ['"1e3"', 1000],
    ['"1_0.5"', 10.5],
    ['"inf"', Number.POSITIVE_INFINITY],
    ['"-Infinity"', Number.NEGATIVE_INFINITY],
    ['"nan"', Number.NaN],
    ['"many"', null],
    ['false', 0],
    ['[]', null],
    ['1e999', Number.POSITIVE_INFINITY],
    ['9'.repeat(400), null],
  ])('float(%s)', (json, expected) => {
    expect(readNumber(parseLosslessJson(json), 'FLOAT')).toBe(expected);
  });
});
