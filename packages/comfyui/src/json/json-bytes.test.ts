import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonBytes, JsonTooLarge } from './json-bytes.ts';

/** What is kept of a text that arrives in chunks of `chunkBytes`. */
function keep(text: string, { stringBytes = 1000, bytes = 1e6, values = 1e6, chunkBytes = 7 } = {}): string {
  const kept = new JsonBytes({ bytes, values }, stringBytes);
  const all = new TextEncoder().encode(text);
  for (let at = 0; at < all.length; at += chunkBytes) kept.add(all.subarray(at, at + chunkBytes));
  return new TextDecoder().decode(kept.join());
}

/** Characters of one to four bytes, or escaped. */
const CHARACTER = fc.constantFrom('a', 'é', '界', '🙂', '\n', '"', '\\', '\u0001', '\ud800');

describe('JSON that arrives', () => {
  it('is kept as it is within the limits', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 40 }), (value, chunkBytes) => {
        const text = JSON.stringify(value);
        expect(keep(text, { chunkBytes })).toBe(text);
      }),
    );
  });

  it('has its long strings cut, whatever is in them, and stays JSON', () => {
    fc.assert(
      fc.property(
        fc.array(CHARACTER, { maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        (characters, chunkBytes) => {
          const text = characters.join('');
          const json = JSON.stringify([1, text, 2]);
          const [first, cut, last] = JSON.parse(keep(json, { stringBytes: 5, chunkBytes }));
          expect([first, last]).toEqual([1, 2]);
          expect(text.startsWith(cut.split(' … (cut: ')[0])).toBe(true);
          expect(cut === text || cut.length < 40).toBe(true);
        },
      ),
    );
  });

  it('tells how much of a string is missing, and holds none of it', () => {
    const kept = new JsonBytes({ bytes: 2e6, values: 10 });
    const block = new TextEncoder().encode('x'.repeat(1_000_000));
    kept.add(new TextEncoder().encode('{"a":"'));
    for (let sent = 0; sent < 120; sent += 1) kept.add(block);
    kept.add(new TextEncoder().encode('","b":2}'));
    const { a, b } = JSON.parse(new TextDecoder().decode(kept.join()));
    expect([a.length, a.slice(-26), b]).toEqual([1_048_599, 'xxx … (cut: 119.0 MB more)', 2]);
  });

  it.each([
    ['1000 values', `[${'1,'.repeat(1000)}1]`, { values: 1000 }],
    ['100 bytes', `["${'x'.repeat(100)}"]`, { bytes: 100 }],
    ['1000 values inside of each other', '['.repeat(1001), {}],
  ])('is refused beyond %s', (what, text, limits) => {
    expect(() => keep(text, limits)).toThrow(new JsonTooLarge(`more than ${what}`));
  });
});
