import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Messages } from '@comfleet/contract';
import { CLI_TEXTS } from '@comfleet/contract/texts/cli';
import { FLEET_TEXTS } from '@comfleet/contract/texts/fleet';
import { PAGE_TEXTS } from '@comfleet/contract/texts/page';
import { START_TEXTS } from '@comfleet/contract/texts/start';
import { expect, test } from 'vitest';

const assets = join(import.meta.dirname, '../packages/web/dist/assets');
const bundle = readdirSync(assets)
  .filter((name) => name.endsWith('.js'))
  .map((name) => readFileSync(join(assets, name), 'utf8'))
  .join('\n');

/** The longest constant part of each English sentence of an area, if it is long enough to be unique. */
function listPhrases(messages: Messages, prefix: RegExp): string[] {
  return Object.entries(messages)
    .filter(([code]) => prefix.test(code))
    .flatMap(([, message]) => (typeof message === 'string' ? [message] : Object.values(message.cases)))
    .flatMap((sentence) => sentence.split(/\{\w+\}|["'\n]/).sort((a, b) => b.length - a.length)[0] ?? [])
    .filter((phrase) => phrase.length >= 24);
}

test.each([
  ['command', CLI_TEXTS.en, /^cli\./],
  ['start', START_TEXTS.en, /^start\./],
  // Problems of workers are shown wherever tasks wait.
  ['fleet', FLEET_TEXTS.en, /^worker\./],
] as const)('the page carries no text of the %s', (_, messages, prefix) => {
  const phrases = listPhrases(messages, prefix);
  expect(phrases.length).toBeGreaterThan(5);
  expect(phrases.filter((phrase) => bundle.includes(phrase))).toEqual([]);
});

test('the page carries its own texts and those about tasks', () => {
  const phrases = listPhrases(PAGE_TEXTS.en, /^(signIn|held|wait)\./);
  expect(phrases.length).toBeGreaterThan(5);
  expect(phrases.filter((phrase) => !bundle.includes(phrase))).toEqual([]);
});
