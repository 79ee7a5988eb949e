import { expect, test } from 'vitest';
import { en } from './en.ts';
import { chooseLanguage } from './language.ts';
import { zh } from './zh.ts';

test.each([
  [null, ['zh-CN', 'en'], 'zh'],
  [null, ['de', 'en-GB', 'zh'], 'en'],
  [null, ['fr'], 'en'],
  ['zh', ['en'], 'zh'],
  ['xx', ['en'], 'en'],
])('with the choice %s and a browser of %o the page speaks %s', (kept, browser, language) => {
  expect(chooseLanguage(kept, browser)).toBe(language);
});

test('both languages have the same keys with the same placeholders', () => {
  expect(listPlaceholders(zh)).toEqual(listPlaceholders(en));
});

function listPlaceholders(messages: unknown, path = ''): string[] {
  if (typeof messages === 'string') return [`${path} ${(messages.match(/\{\w+\}/g) ?? []).sort().join(' ')}`];
  return Object.entries(messages as Record<string, unknown>).flatMap(([key, value]) =>
    listPlaceholders(value, `${path}.${key}`),
  );
}
