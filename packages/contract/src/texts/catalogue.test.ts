import { describe, expect, it } from 'vitest';
import {
  createSay,
  formatSent,
  formatText,
  formatTexts,
  type Messages,
  mergeCatalogues,
} from './catalogue.ts';
import { LANGUAGES } from './language.ts';
import { textSchema } from './text-schema.ts';

const en = {
  greeting: 'Hello.',
  ahead: { by: 'n', cases: { '0': 'Next.', one: '{n} task ahead.', other: '{n} tasks ahead.' } },
  batch: { by: 'medium', cases: { video: 'Videos.', other: 'Pictures.' } },
  because: '{what}: {reasons}',
  full: 'full',
} as const satisfies Messages;
const CATALOGUE = {
  en,
  'zh-CN': { greeting: '你好。', ahead: '前面还有 {n} 个。', because: '{what}：{reasons}' },
  'zh-TW': { full: '已滿' },
};

describe('formatText', () => {
  it.each([
    ['zh-TW', 'full', '已滿'],
    ['zh-TW', 'greeting', '你好。'],
    ['zh-CN', 'full', 'full'],
    ['en', 'greeting', 'Hello.'],
  ] as const)(
    'in %s the text %s is "%s", from the next language where it is missing',
    (language, code, shown) => {
      expect(formatText(CATALOGUE, language, { code, params: {} })).toBe(shown);
    },
  );

  it.each([
    [0, 'Next.'],
    [1, '1 task ahead.'],
    [2, '2 tasks ahead.'],
  ])('chooses the case of the number %i', (n, shown) => {
    expect(createSay(CATALOGUE, 'en')('ahead', { n })).toBe(shown);
  });

  it.each([
    ['video', 'Videos.'],
    ['image', 'Pictures.'],
    ['constructor', 'Pictures.'],
  ])('chooses the case of the name %s', (medium, shown) => {
    expect(formatText(CATALOGUE, 'en', { code: 'batch', params: { medium } })).toBe(shown);
  });

  it('shows texts and lists of texts within a text in the same language', () => {
    const full = { code: 'full', params: {} };
    const text = { code: 'because', params: { what: full, reasons: [full, full] } };
    expect(formatText(CATALOGUE, 'zh-TW', text)).toBe('已滿：已滿、已滿');
    expect(formatText(CATALOGUE, 'en', text)).toBe('full: full, full');
  });

  it.each([
    [{ code: 'toString', params: {} }, 'toString'],
    [{ code: 'task.dreaming', params: { n: 2, who: 'one' } }, 'task.dreaming (n: 2, who: one)'],
    [{ code: 'because', params: { what: 'x' } }, 'x: {reasons}'],
  ])('shows what it does not know as it is: %j', (text, shown) => {
    expect(formatText(CATALOGUE, 'en', text)).toBe(shown);
  });

  it('puts nothing from a value into another value', () => {
    const text = { code: 'because', params: { what: '{reasons}', reasons: '$& $1' } };
    expect(formatText(CATALOGUE, 'en', text)).toBe('{reasons}: $& $1');
  });
});

describe('formatSent', () => {
  const greeting = { code: 'greeting', params: {} };
  const dreaming = { code: 'task.dreaming', params: {} };

  it.each([
    ['an older server sends none', undefined, 'Hi.'],
    ['one is known', greeting, '你好。'],
    ['all are known', [greeting, greeting], '你好。你好。'],
    ['one is of a newer server', dreaming, 'Hi. (task.dreaming)'],
    ['one of several is', [greeting, dreaming], 'Hi. (greeting, task.dreaming)'],
    ['one within is', { code: 'because', params: { what: dreaming, reasons: '' } }, 'Hi. (because)'],
  ])('shows the texts or the sentence when %s', (_, texts, shown) => {
    expect(formatSent(CATALOGUE, 'zh-CN', { texts, sentence: 'Hi.' })).toBe(shown);
  });

  it('parts sentences by a space only where the language does', () => {
    expect(LANGUAGES.map((language) => formatTexts(CATALOGUE, language, [greeting, greeting]))).toEqual([
      'Hello. Hello.',
      '你好。你好。',
      '你好。你好。',
    ]);
  });
});

it('two catalogues as one show the messages of both, the second one first', () => {
  const both = mergeCatalogues(CATALOGUE, {
    en: { full: 'busy', extra: 'more' },
    'zh-CN': { extra: '更多' },
  });
  const say = createSay(both, 'zh-TW');
  expect([say('greeting'), say('extra'), say('full')]).toEqual(['你好。', '更多', '已滿']);
  expect(createSay(both, 'en')('full')).toBe('busy');
});

it('textSchema reads texts within texts and refuses other values', () => {
  const text = { code: 'a', params: { b: [{ code: 'c', params: { d: 1, e: 'f' } }] } };
  expect(textSchema.parse(text)).toEqual(text);
  expect(textSchema.safeParse({ code: 'a', params: { b: { c: 1 } } }).success).toBe(false);
});
