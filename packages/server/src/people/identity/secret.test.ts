import { expect, test } from 'vitest';
import { systemRandom } from '../../platform/time/clock.ts';
import { drawSecret } from './secret.ts';

test('drawn tokens have 256 random bits and never repeat', () => {
  const tokens = Array.from({ length: 10_000 }, () => drawSecret('token', systemRandom));
  const bytes = tokens.map((token) => Buffer.from(token.slice(4), 'base64url'));
  const ones = bytes.reduce((sum, token) => sum + countOnes(token), 0);

  expect(new Set(tokens).size).toBe(10_000);
  expect(new Set(bytes.map(({ length }) => length))).toEqual(new Set([32]));
  // Half of 2,560,000 bits; 0.5 % is 16 standard deviations.
  expect(Math.abs(ones / (256 * 10_000) - 0.5)).toBeLessThan(0.005);
});

function countOnes(bytes: Uint8Array): number {
  return [...bytes].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0);
}
