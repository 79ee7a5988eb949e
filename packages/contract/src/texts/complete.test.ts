import { expect, it } from 'vitest';
import { ERRORS } from '../errors.ts';
import type { Catalogue, Message } from './catalogue.ts';
import { DEFINITION_TEXTS } from './definitions.ts';
import { ERROR_TEXTS } from './errors.ts';
import { FLEET_TEXTS } from './fleet.ts';
import { PAGE_TEXTS } from './page.ts';
import { START_TEXTS } from './start.ts';
import { TASK_TEXTS } from './tasks.ts';

const AREAS: Readonly<Record<string, Catalogue>> = {
  definitions: DEFINITION_TEXTS,
  errors: ERROR_TEXTS,
  fleet: FLEET_TEXTS,
  page: PAGE_TEXTS,
  start: START_TEXTS,
  tasks: TASK_TEXTS,
};
/** Names, and values that are shown as they are. */
const WITHOUT_WORDS = /^(\{\w+\}|[\s\W\d]|Comfleet|Ctrl|Enter|null)*$/;

function listSentences(message: Message): string[] {
  return typeof message === 'string' ? [message] : Object.values(message.cases);
}

/** Codes without a translation in a language. */
function findUntranslated({ en, ...others }: Catalogue, language: 'zh-CN' | 'zh-TW'): string[] {
  return Object.entries(en)
    .filter(([, message]) => !listSentences(message).every((sentence) => WITHOUT_WORDS.test(sentence)))
    .filter(([code]) => {
      const message = others[language]?.[code];
      return message === undefined || !listSentences(message).every((one) => /\p{Script=Han}/u.test(one));
    })
    .map(([code]) => code);
}

it.each(Object.entries(AREAS))('every text of %s is Chinese, of China and of Taiwan', (_area, catalogue) => {
  expect({ cn: findUntranslated(catalogue, 'zh-CN'), tw: findUntranslated(catalogue, 'zh-TW') }).toEqual({
    cn: [],
    tw: [],
  });
});

it('an English text without a Chinese one is found', () => {
  const catalogue = { en: { a: 'The disk is full.', b: '{what}' }, 'zh-CN': { a: 'The disk is full.' } };
  expect(findUntranslated(catalogue, 'zh-CN')).toEqual(['a']);
  expect(findUntranslated(catalogue, 'zh-TW')).toEqual(['a']);
});

it('every error of the registry has its Chinese sentence', () => {
  const codes = Object.keys(ERRORS);
  expect(codes.filter((code) => !Object.hasOwn(ERROR_TEXTS['zh-CN'], code))).toEqual([]);
  expect(codes.filter((code) => !Object.hasOwn(ERROR_TEXTS['zh-TW'], code))).toEqual([]);
});
