import { describe, expect, it } from 'vitest';
import { cutLines, cutText } from './cut-text.ts';

describe('a text that only explains', () => {
  it('is kept whole up to the limit', () => {
    expect(cutText('é'.repeat(50), 100)).toBe('é'.repeat(50));
  });

  it('ends in a mark of how much more there was', () => {
    expect(cutText('x'.repeat(120_000_000), 100)).toBe(`${'x'.repeat(100)} … (cut: 120.0 MB more)`);
    expect(cutText('x'.repeat(2100), 100)).toBe(`${'x'.repeat(100)} … (cut: 2.0 kB more)`);
  });

  it('is never cut inside of a character', () => {
    expect(cutText('🙂'.repeat(50), 98)).toBe(`${'🙂'.repeat(24)} … (cut: 0.1 kB more)`);
  });

  it('that was cut before still tells of all that is missing', () => {
    expect(cutText(`${'x'.repeat(1_000_100)} … (cut: 119.0 MB more)`, 100)).toBe(
      `${'x'.repeat(100)} … (cut: 120.0 MB more)`,
    );
  });
});

describe('lines', () => {
  it('are kept from the last, with a mark where those before are missing', () => {
    const lines = Array.from({ length: 1_000_000 }, (_, at) => `line ${at}\n`);
    expect(cutLines(lines, 100)).toEqual(['… (cut: 11.9 MB more)\n', 'line 999998\n', 'line 999999\n']);
    expect(cutLines(['a\n', 'b\n'], 100)).toEqual(['a\n', 'b\n']);
  });

  it('of which the last is too long itself keep its beginning', () => {
    expect(cutLines(['a', 'x'.repeat(1100)], 100)).toEqual([`${'x'.repeat(100)} … (cut: 1.0 kB more)`]);
  });
});
