import { describe, expect, it } from 'vitest';
import { chooseLanguage, findLanguageFlag } from './choose-language.ts';
import { chooseTexts } from './cli-texts.ts';

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

it.each([
  [['tasks', 'list', '--lang', 'zh'], 'zh'],
  [['--lang=zh-TW', 'tasks', 'lst'], 'zh-TW'],
  [['tasks', 'list'], undefined],
  [['tasks', '--lang'], ''],
])('the language that %j asks for is %s', (args, wish) => {
  expect(findLanguageFlag(args)).toBe(wish);
});

describe('chooseTexts', () => {
  it('names the program as it was called, outside of values', () => {
    const { say } = chooseTexts('zh-CN', 'npx comfleet');
    expect(say('cli.still_running', { task: 'comfleet tasks' })).toBe(
      '任务仍在运行。\n  查看：npx comfleet tasks watch comfleet tasks\n  取消：npx comfleet tasks cancel comfleet tasks',
    );
  });

  it.each([
    ['en', 'OUT_OF_MEMORY as the server says'],
    ['zh-CN', 'UNAUTHORIZED 没有有效的凭据；请发送 Authorization: Bearer <令牌>，或重新获取令牌。'],
    ['zh-CN', 'OF_A_NEWER_SERVER as the server says'],
  ] as const)('in %s shows the error "%s"', (language, line) => {
    const [code = ''] = line.split(' ');
    expect(chooseTexts(language).error({ code, message: 'as the server says', details: null })).toBe(line);
  });

  it('shows the sentence of a server that sends no code, and the code it does not know', () => {
    const texts = chooseTexts('zh-CN');
    expect(texts.sent(undefined, 'Waiting: 2 ahead.')).toBe('Waiting: 2 ahead.');
    expect(texts.sent({ code: 'task.ahead', params: { ahead: 2 } }, 'Waiting: 2 ahead.')).toBe(
      '排队中：前面还有 2 个。',
    );
    expect(texts.sent({ code: 'task.dreaming', params: {} }, 'Dreaming.')).toBe('Dreaming. (task.dreaming)');
  });
});
