import { describe, expect, it } from 'vitest';
import { formatTable, toPlainText } from './table.ts';

describe('formatTable', () => {
  it('aligns columns, counting Chinese characters as two', () => {
    expect(
      formatTable(
        ['NAME', 'STATE'],
        [
          ['文生图', 'ok'],
          ['a', 'busy'],
        ],
      ),
    ).toEqual(['NAME    STATE', '文生图  ok', 'a       busy']);
  });

  it.each([
    ['an accent of its own', 'e\u0301'],
    ['a symbol that is narrow in a terminal', '\u2713'],
    ['the invisible joiner of a word', 'a\u200d'],
  ])('counts %s as one column', (_what, cell) => {
    expect(formatTable(['N', 'S'], [[cell, 'ok']])).toEqual(['N  S', `${cell}  ok`]);
  });

  it('counts an emoji of several characters as two', () => {
    expect(formatTable(['NAME', 'S'], [['👩‍🚀', 'ok']])).toEqual(['NAME  S', '👩‍🚀    ok']);
  });
});

describe('toPlainText', () => {
  it('takes away what could drive the terminal', () => {
    expect(toPlainText('a\u001b[31mred\nline\u009b2J')).toBe('a [31mred line 2J');
  });
});
