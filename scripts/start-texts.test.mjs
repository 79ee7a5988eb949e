import { findEnglish } from '@comfleet/test-kit';
import { expect, it } from 'vitest';
import { chooseStartTexts } from './start-texts.mjs';

it.each([
  [[], {}, 'Installing packages …'],
  [[], { LANG: 'en_US.UTF-8' }, 'Installing packages …'],
  [[], { LANG: 'zh_CN.UTF-8' }, '正在安装依赖包…'],
  [[], { LANG: 'zh_TW.UTF-8' }, '正在安裝相依套件…'],
  [[], { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' }, 'Installing packages …'],
  [['--port', '1', '--lang', 'zh'], {}, '正在安装依赖包…'],
  [['--lang=zh-TW'], { LANG: 'zh_CN.UTF-8' }, '正在安裝相依套件…'],
])('a start with %j and %j says "%s"', (args, env, line) => {
  expect(chooseStartTexts(args, env).installing).toBe(line);
});

it.each(['zh-CN', 'zh-TW'])('says nothing in English in %s', (lang) => {
  const texts = chooseStartTexts(['--lang', lang], {});
  const { building, notStarted, ...lines } = texts;
  const printed = [
    ...Object.values(lines),
    building('packages'),
    building('page'),
    notStarted('spawn failed'),
  ];

  expect(findEnglish(printed.join('\n'), { atLeast: 1 })).toEqual([]);
});
