import { isLosslessNumber, parseLosslessJson, stringifyLosslessJson } from '@comfleet/comfyui';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppError } from '../errors/app-error.ts';
import { type JsonLimits, JsonReader, type ReadJson } from './json-reader.ts';

const LIMITS = { values: 10, members: 10, depth: 3, text: 20 };
const WIDE = { values: 100_000, members: 100_000, depth: 100, text: 100_000 };

/** Reads a text that arrives in pieces of `size` bytes. */
function read(text: string | Buffer, size = 4, limits: JsonLimits = WIDE): ReadJson | null {
  const bytes = Buffer.from(text);
  const reader = new JsonReader(limits);
  for (let at = 0; at < bytes.length; at += size) reader.add(bytes.subarray(at, at + size));
  return reader.end();
}

/** Why a text is refused; null if it is read. */
function refuse(text: string, size?: number, limits?: JsonLimits): unknown {
  try {
    read(text, size, limits);
    return null;
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.details : thrown;
  }
}

test.each([
  ['[0,1,2,3,4,5,6,7,8,9]', null],
  ['[0,1,2,3,4,5,6,7,8,9,10]', 'too_many_members'],
  ['{"a":{"b":{}},"c":[1,2,3,4,5,6]}', null],
  ['{"a":{"b":{}},"c":[1,2,3,4,5,6,7,8]}', 'too_many_values'],
  ['[[[]]]', null],
  ['[[[[]]]]', 'nested_too_deep'],
  ['[[],[],[]]', null],
  ['"[[[[,,,,,,,,,,,"', null],
  ['"\\"[[[[\\\\\\",,,,,,,,,,,"', null],
  ['["\\\\",[[[1]]]]', 'nested_too_deep'],
  [`"${'\\u0041'.repeat(20)}"`, null],
  [`"${'x'.repeat(21)}`, 'text_too_long'],
  [`[${'1'.repeat(5000)}]`, null],
  [`[${'1'.repeat(5001)}`, 'number_too_long'],
])('%.100s', (text, reason) => {
  expect(refuse(text, 4, LIMITS)).toEqual(reason === null ? null : expect.objectContaining({ reason }));
});

test('what is refused names the setting', () => {
  expect(refuse('[[[[', 4, LIMITS)).toMatchObject({
    reason: 'nested_too_deep',
    limit: 3,
    setting: 'limits.json_depth',
  });
});

test('the pieces in which a text arrives make no difference', () => {
  fc.assert(
    fc.property(fc.json(), fc.integer({ min: 1, max: 9 }), (text, size) => {
      expect(refuse(text, size, LIMITS)).toEqual(refuse(text, text.length * 3 + 1, LIMITS));
    }),
  );
});

const anyValue = fc
  .jsonValue({ stringUnit: 'binary' })
  .filter((value) => !JSON.stringify(value).includes('__proto__'));

test('any JSON is read as JSON.parse reads it, in whatever pieces', () => {
  fc.assert(
    fc.property(anyValue, fc.integer({ min: 1, max: 9 }), fc.nat({ max: 2 }), (value, size, indent) => {
      const text = JSON.stringify(value, null, indent);
      const escaped = text.replace(
        /[^\x20-\x7e]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
      const whole = read(text, size);
      expect(whole?.plain).toEqual(JSON.parse(text));
      expect(stringifyLosslessJson(whole?.exact)).toBe(stringifyLosslessJson(parseLosslessJson(text)));
      expect(read(indent === 0 ? escaped : text, size)).toEqual(whole);
    }),
  );
});

test.each([
  '\\',
  '\\\\',
  '"',
  '\\"',
  'a\\nb',
  '\\u00e9',
  '\\ud83d\\ude00',
  '\\\\u0041',
  '\\\\\\u0041',
  'é😀',
])('the string "%s" is read alike in pieces of every size', (inner) => {
  const texts = [`"${inner}"`, `["${inner}","x"]`, `{"${inner}":1}`, `"${inner}`];
  for (const text of texts) {
    const expected = () => JSON.parse(text);
    for (let size = 1; size <= 12; size += 1) {
      const actual = () => read(text, size)?.plain;
      if (isJson(text)) expect(actual()).toEqual(expected());
      else expect(actual).toThrow(AppError);
    }
  }
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('invalid JSON is refused as by JSON.parse', () => {
  const piece = fc.constantFrom(
    ...'[]{},:"\\ 01-.eE+u',
    'true',
    'null',
    '"a"',
    '1.50',
    'NaN',
    'Infinity',
    '\n',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      (pieces, size) => {
        const text = pieces.join('');
        if (text.trim() === '') expect(read(text, size)).toBeNull();
        else expect(refuse(text, size) === null).toBe(isJson(text));
      },
    ),
    { numRuns: 2000 },
  );
});

test('WF23 numbers are kept as written next to plain ones, and unchanged parts are shared', () => {
  const { exact, plain } = read('{"a":[1.0,2],"b":{"seed":18446744073709551615},"c":{"d":[1.5]}}') ?? {};
  expect(stringifyLosslessJson(exact)).toBe(
    '{"a":[1.0,2],"b":{"seed":18446744073709551615},"c":{"d":[1.5]}}',
  );
  expect(plain).toEqual({ a: [1, 2], b: { seed: Number('18446744073709551615') }, c: { d: [1.5] } });
  const of = (tree: unknown, name: string) => (tree as Record<string, unknown>)[name];
  expect(of(plain, 'c')).toBe(of(exact, 'c'));
  expect(isLosslessNumber((of(exact, 'a') as unknown[])[0])).toBe(true);
});

test.each([
  ['{"__proto__":{"a":1}}', true],
  ['{"\\u005f_proto__":{"a":1}}', true],
  ['{"a":[{"constructor":{"prototype":{}}}]}', true],
  ['{"constructor":{"x":1},"prototype":{}}', false],
  ['{"a":"__proto__"}', false],
])('%s changes what objects are: %s', (text, isRefused) => {
  expect(refuse(text)).toEqual(isRefused ? expect.objectContaining({ reason: 'forbidden_name' }) : null);
});
