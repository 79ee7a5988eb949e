import { expect, test } from 'vitest';
import { drawSeed, isSeedText, shiftSeed } from './seed.ts';

test.each([
  ['', true],
  ['0', true],
  ['18446744073709551615', true],
  ['18446744073709551616', false],
  ['-1', false],
  ['1.5', false],
])('the seed text "%s" is valid: %s', (text, valid) => {
  expect(isSeedText(text)).toBe(valid);
});

test('a rolled seed stays below 2^50', () => {
  expect(drawSeed(new Uint8Array(8).fill(255))).toBe('1125899906842623');
});

test('seeds of a batch count up and wrap at 2^64', () => {
  expect(shiftSeed('9007199254740993', 2)).toBe('9007199254740995');
  expect(shiftSeed('18446744073709551615', 1)).toBe('0');
});
