import { describe, expect, it } from 'vitest';
import { createPaint } from './terminal.ts';

describe('createPaint', () => {
  it('colours a line by its mark', () => {
    const paint = createPaint(true);

    expect(['✓ good', '✗ bad', '  ⚠ hm', 'plain'].map(paint)).toEqual([
      '\u001b[32m✓ good\u001b[39m',
      '\u001b[31m✗ bad\u001b[39m',
      '\u001b[33m  ⚠ hm\u001b[39m',
      'plain',
    ]);
  });

  it('leaves lines as they are where no colour is wanted', () => {
    expect(createPaint(false)('✓ good')).toBe('✓ good');
  });
});
