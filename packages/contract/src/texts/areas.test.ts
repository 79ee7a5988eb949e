import { describe, expect, it } from 'vitest';
import { ERRORS } from '../errors.ts';
import { CHECK_RESULTS, RECOVERY_PHASES } from '../fleet.ts';
import { REFUSALS } from '../placement.ts';
import { HELD_REASONS } from '../task.ts';
import type { Catalogue, Message } from './catalogue.ts';
import { CLI_TEXTS } from './cli.ts';
import { ERROR_TEXTS } from './errors.ts';
import { FLEET_TEXTS } from './fleet.ts';
import { HELP_TEXTS } from './help.ts';
import { LANGUAGES } from './language.ts';
import { PAGE_TEXTS } from './page.ts';
import { START_TEXTS } from './start.ts';
import { TASK_TEXTS } from './tasks.ts';
import { USAGE_TEXTS } from './usage.ts';

const AREAS: Record<string, Catalogue> = {
  cli: CLI_TEXTS,
  errors: ERROR_TEXTS,
  fleet: FLEET_TEXTS,
  help: HELP_TEXTS,
  page: PAGE_TEXTS,
  start: START_TEXTS,
  tasks: TASK_TEXTS,
  usage: USAGE_TEXTS,
};

function listNames(message: Message): string[] {
  const sentences = typeof message === 'string' ? [message] : Object.values(message.cases);
  const inSentences = sentences.flatMap((sentence) => sentence.match(/\{\w+\}/g) ?? []);
  const all = typeof message === 'string' ? inSentences : [...inSentences, `{${message.by}}`];
  return [...new Set(all)].sort();
}

const TRANSLATIONS = Object.entries(AREAS).flatMap(([area, catalogue]) =>
  LANGUAGES.flatMap((language) =>
    Object.entries(catalogue[language] ?? {}).flatMap(([code, message]) =>
      message === undefined ? [] : [{ area, language, code, message, english: catalogue.en[code] }],
    ),
  ),
);

/** Their problem is the result of the check, in `problem.found`. */
const CHECK_MESSAGES = new Set(['certificate', 'login', 'needs_https', 'proxy', 'redirected', 'web_page']);

describe('catalogues', () => {
  it('have the same values in every language, and no code that English lacks', () => {
    const different = TRANSLATIONS.filter(
      ({ message, english }) =>
        english === undefined || listNames(message).join(' ') !== listNames(english).join(' '),
    );
    expect(different).toEqual([]);
    expect(TRANSLATIONS.length).toBeGreaterThan(300);
  });

  it('use braces for values only', () => {
    const sentences = TRANSLATIONS.flatMap(({ message }) =>
      typeof message === 'string' ? [message] : Object.values(message.cases),
    );
    expect(sentences.filter((sentence) => /[{}]/.test(sentence.replace(/\{\w+\}/g, '')))).toEqual([]);
  });

  it.each([
    ['held', HELD_REASONS, TASK_TEXTS],
    ['refusal', REFUSALS, TASK_TEXTS],
    ['problem', CHECK_RESULTS, FLEET_TEXTS],
    ['check', CHECK_RESULTS, FLEET_TEXTS],
    ['recovery', RECOVERY_PHASES, FLEET_TEXTS],
  ] as const)('have a text for each %s of the contract', (prefix, names, catalogue: Catalogue) => {
    const isDescribed = (name: string) =>
      catalogue.en[`${prefix}.${name}`] !== undefined || (prefix === 'problem' && CHECK_MESSAGES.has(name));
    expect(names.filter((name) => !isDescribed(name))).toEqual([]);
  });

  it('say everything about tasks, batches and parameters in Chinese', () => {
    const inChinese = new Set(Object.keys(TASK_TEXTS['zh-CN'] ?? {}));
    const errors = new Set(Object.keys(ERRORS));
    const missing = Object.keys(TASK_TEXTS.en).filter((code) => !inChinese.has(code) && !errors.has(code));
    const onlyAValue = ['failure.said'];
    expect(missing).toEqual(onlyAValue);
  });

  it.each([
    ['cli', CLI_TEXTS, /^(cli|client|head|label|name|verify)\./],
    ['help', HELP_TEXTS, /./],
    ['usage', USAGE_TEXTS, /./],
  ] as const)('of %s say everything in both scripts', (_area, catalogue: Catalogue, own: RegExp) => {
    const codes = Object.keys(catalogue.en).filter((code) => own.test(code));
    expect(codes.filter((code) => catalogue['zh-CN']?.[code] === undefined)).toEqual([]);
    expect(codes.filter((code) => catalogue['zh-TW']?.[code] === undefined)).toEqual([]);
  });

  it('have a text for each error of the registry', () => {
    expect(Object.keys(TASK_TEXTS.en)).toEqual(expect.arrayContaining(Object.keys(ERRORS)));
  });
});
