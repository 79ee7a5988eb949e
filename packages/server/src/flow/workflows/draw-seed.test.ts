import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawSeed } from './draw-seed.ts';

test('WF23 a drawn seed is a whole number that every JavaScript client shows exactly', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 10 }), (bytes) => {
      const seed = drawSeed(bytes);
      expect(seed).toMatch(/^\d+$/);
      expect(String(Number(seed))).toBe(seed);
      expect(Number(seed)).toBeLessThan(2 ** 50);
    }),
  );
});

test('all 50 bits are drawn', () => {
  expect(drawSeed(new Uint8Array(8).fill(255))).toBe('1125899906842623');
  expect(drawSeed(new Uint8Array(8))).toBe('0');
});
