import { describe, expect, it } from 'vitest';
import { chooseLanguage } from './language.ts';

describe('chooseLanguage', () => {
  it.each([
    [undefined, { LANG: 'zh_CN.UTF-8' }, 'zh-CN'],
    [undefined, { LANG: 'zh_TW.UTF-8' }, 'zh-TW'],
    [undefined, { LANG: 'de_DE.UTF-8' }, 'en'],
    [undefined, { LC_ALL: 'C', LANG: 'zh_CN' }, 'en'],
    [undefined, {}, 'en'],
    ['zh', { LANG: 'en_US' }, 'zh-CN'],
    ['en', { LANG: 'zh_CN' }, 'en'],
  ])('DO10 --lang %s with %o gives %s', (wish, env, expected) => {
    expect(chooseLanguage(wish, env)).toBe(expected);
  });
});
