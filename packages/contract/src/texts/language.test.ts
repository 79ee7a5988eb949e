import { describe, expect, it } from 'vitest';
import { parseLanguage, pickLabel } from './language.ts';

describe('parseLanguage', () => {
  it.each([
    ['zh_CN.UTF-8', 'zh-CN'],
    ['zh_TW.UTF-8', 'zh-TW'],
    ['zh_HK@radical', 'zh-TW'],
    ['zh-Hant', 'zh-TW'],
    ['zh-Hans-TW', 'zh-CN'],
    ['zh', 'zh-CN'],
    ['en_US.UTF-8', 'en'],
    ['de_DE.UTF-8', 'en'],
    ['C', 'en'],
    ['zha', 'en'],
    ['', 'en'],
    ['fr;q=0.9, zh-TW;q=0.8, en;q=0.5', 'zh-TW'],
    ['en;q=0.5, zh-CN', 'zh-CN'],
  ])('DO10 the locale or header "%s" is read in %s', (wanted, language) => {
    expect(parseLanguage(wanted)).toBe(language);
  });

  it.each([
    [['zh-TW', 'en'], 'zh-TW'],
    [['de', 'en-GB', 'zh'], 'en'],
    [['', 'fr', 'zh'], 'zh-CN'],
    [['fr'], 'en'],
    [[], 'en'],
  ])('a browser of %o is read in %s', (wanted, language) => {
    expect(parseLanguage(wanted)).toBe(language);
  });
});

it.each([
  ['en', 'Seed'],
  ['zh-CN', '种子'],
  ['zh-TW', '种子'],
] as const)('a label is shown in %s as %s', (language, shown) => {
  expect(pickLabel({ en: 'Seed', zh: '种子' }, language)).toBe(shown);
});

it('a label with words for Taiwan shows them there only', () => {
  const label = { en: 'Picture to video', zh: '图生视频', zh_tw: '圖生影片' };
  expect([pickLabel(label, 'zh-TW'), pickLabel(label, 'zh-CN')]).toEqual(['圖生影片', '图生视频']);
});
