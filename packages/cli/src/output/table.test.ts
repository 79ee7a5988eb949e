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
});

describe('toPlainText', () => {
  it('takes away what could drive the terminal', () => {
    expect(toPlainText('a\u001b[31mred\nline\u009b2J')).toBe('a [31mred line 2J');
  });
});
