import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareDecimals,
  formatDecimal,
  isMultiple,
  parseDecimal,
  roundDecimal,
  toDecimal,
} from './decimal.ts';

function read(text: string) {
  const decimal = parseDecimal(text);
  if (decimal === null) throw new Error(`${text} is no number`);
  return decimal;
}

describe('decimal', () => {
  it.each(['', '01', '+1', '1.', '.5', '0x10', 'NaN', '1e401', '1'.repeat(401), ' 1'])(
    '%s is not read',
    (text) => {
      expect(parseDecimal(text)).toBeNull();
    },
  );

  it.each([
    ['22.5', '23'],
    ['22.4999999999999999999', '22'],
    ['-2.5', '-2'],
    ['-2.51', '-3'],
    ['-3', '-3'],
    ['1.5e1', '15'],
    ['-0.4', '0'],
  ])('%s rounds to %s', (text, rounded) => {
    expect(formatDecimal(roundDecimal(read(text)))).toBe(rounded);
  });

  it('multiples are exact where floating point is not', () => {
    expect(isMultiple(read('0.3'), toDecimal(0.1))).toBe(true);
    expect(isMultiple(read('0.35'), toDecimal(0.1))).toBe(false);
  });

  it('compares beyond 2^53', () => {
    expect(compareDecimals(read('9007199254740993'), read('9007199254740992.0'))).toBe(1);
    expect(compareDecimals(read('1.0'), read('1'))).toBe(0);
  });

  it('orders and prints any numbers as JavaScript does', () => {
    const number = fc.double({ noNaN: true, min: -1e15, max: 1e15 });
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(Math.sign(compareDecimals(toDecimal(a), toDecimal(b)))).toBe(
          Math.sign(a < b ? -1 : a > b ? 1 : 0),
        );
        expect(Number(formatDecimal(toDecimal(a)))).toBe(a === 0 ? 0 : a);
      }),
      { seed: 11 },
    );
  });
});
