import { expect, test } from 'vitest';
import { chooseLanguage } from './language.ts';

test.each([
  [null, ['zh-CN', 'en'], 'zh-CN'],
  [null, ['zh-TW'], 'zh-TW'],
  ['zh-TW', ['en'], 'zh-TW'],
  [null, ['de', 'en-GB', 'zh'], 'en'],
  [null, ['fr'], 'en'],
  ['zh', ['en'], 'zh-CN'],
  ['zh-CN', ['en'], 'zh-CN'],
  ['xx', ['en'], 'en'],
])('with the choice %s and a browser of %o the page speaks %s', (kept, browser, language) => {
  expect(chooseLanguage(kept, browser)).toBe(language);
});
