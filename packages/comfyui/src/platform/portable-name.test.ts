import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toPortableName } from './portable-name.ts';

describe('toPortableName', () => {
  it.each([
    ['cat_00001_.png', 'cat_00001_.png'],
    ['图片 1.png', '图片 1.png'],
    ['', ''],
    ['a:b.png', 'a_b.png'],
    ['a/b\\c', 'a_b_c'],
    ['what?\n', 'what__'],
    ['a\u007fb\u009bc', 'a_b_c'],
    ['a\u202egnp.exe', 'a_gnp.exe'],
    ['\u200e\u200f\u202a\u2066\u2069x', '_____x'],
    ['می\u200cخواهم.png', 'می\u200cخواهم.png'],
    ['cat.', 'cat_'],
    ['cat ', 'cat_'],
    ['..', '._'],
    ['CON', '_CON'],
    ['nul.tar.gz', '_nul.tar.gz'],
    ['aux .png', '_aux .png'],
    ['Com1.png', '_Com1.png'],
    ['lpt³', '_lpt³'],
    ['aux_00001_.png', 'aux_00001_.png'],
    ['console.png', 'console.png'],
    ['com10.png', 'com10.png'],
  ])('%j becomes %j', (name, expected) => {
    expect(toPortableName(name)).toBe(expected);
  });

  it('changes nothing a second time', () => {
    const part = fc.constantFrom('con', 'NUL', 'lpt1', '.', ' ', ':', '\u0000', 'a', '文', '_');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const once = toPortableName(parts.join(''));
        expect(toPortableName(once)).toBe(once);
      }),
    );
  });
});
