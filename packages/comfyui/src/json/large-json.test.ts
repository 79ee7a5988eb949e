import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLargeJson } from './large-json.ts';

const endless = { yieldIfSpent: async () => {} };
const parse = (text: string, pieceBytes = 16) =>
  parseLargeJson(new TextEncoder().encode(text), endless, pieceBytes);

describe('JSON that is read in pieces', () => {
  it('says what JSON.parse says, wherever the pieces end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.integer({ min: 2, max: 40 }),
        fc.boolean(),
        async (value, pieceBytes, wide) => {
          const text = JSON.stringify([value], null, wide ? 2 : 0);
          expect(await parse(text, pieceBytes)).toEqual(JSON.parse(text));
        },
      ),
      { examples: [[{ '': '', ['__proto__']: false }, 2, false]] },
    );
  });

  it.each([
    '[1,2,3,4,5,6,7,8,9,10',
    '[1,2,3,4,5,6,7,8,9,10}',
    '{"a":[1,2,3,4,5,6,7,8]}{"b":1}',
    'x'.repeat(50),
    `"${'x'.repeat(50)}`,
    '[1,2,3,nonsense,5,6,7,8]',
  ])('refuses %.30s', async (text) => {
    await expect(parse(text)).rejects.toThrow(SyntaxError);
  });

  it('takes the words of Python for numbers, and __proto__ for a name', async () => {
    const read = await parse('{"a":[NaN,Infinity,1,2,3,4],"__proto__":{"polluted":[1,2,3,4]}}');
    expect(read).toMatchObject({ a: [Number.NaN, Number.POSITIVE_INFINITY, 1, 2, 3, 4] });
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.keys(read as object)).toEqual(['a', '__proto__']);
  });
});
