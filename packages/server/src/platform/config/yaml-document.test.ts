import { expect, test } from 'vitest';
import { parseYaml } from './yaml-document.ts';

const uses = (count: number, of: string) => Array.from({ length: count }, () => `*${of}`).join(', ');

test.each([
  ['an alias of nothing', 'a: 1\nb:\n  c: *missing\n', 3, 6],
  ['an alias before its anchor', 'a: *later\nb: &later 1\n', 1, 4],
  ['an alias too many', `a: &a 1\nb: [${uses(99, 'a')}]\nc: *a\n`, 3, 4],
  [
    'aliases of aliases',
    `a: &a [1]\nb: &b [${uses(9, 'a')}]\nc: &c [${uses(9, 'b')}]\nd: [${uses(9, 'c')}]\n`,
    3,
    8,
  ],
])('%s is refused with its line and column', (_what, text, line, column) => {
  const { value, problems } = parseYaml(text);
  expect(value).toBeUndefined();
  expect(problems).toMatchObject([{ line, column, text: { code: 'file.aliases' } }]);
});

test('99 aliases of one anchor are read as their values', () => {
  const { value, problems } = parseYaml(`a: &a 1\nb: [${uses(99, 'a')}]\n`);
  expect(problems).toEqual([]);
  expect(value).toEqual({ a: 1, b: Array.from({ length: 99 }, () => 1) });
});

test.each([
  '__proto__: { admin: true }\n',
  'a: &a { __proto__: { admin: true } }\nb: *a\n',
  'constructor: { prototype: { admin: true } }\n',
  '<<: { __proto__: { admin: true } }\n',
])('SE24 the key in %j reaches no prototype', (text) => {
  const { value } = parseYaml(text);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(Reflect.get({}, 'admin')).toBeUndefined();
});

test.each(['!!js/function "function () { return 1 }"', '!!python/object/apply:os.system ["x"]', '!Ref x'])(
  'SE24 the tag in %j makes nothing but texts and lists',
  (tagged) => {
    const { value } = parseYaml(`a: ${tagged}\n`);
    const made = value === undefined ? undefined : Reflect.get(Object(value), 'a');
    expect(['string', 'object', 'undefined']).toContain(typeof made);
    expect(made === undefined || typeof made === 'string' || Array.isArray(made)).toBe(true);
  },
);
