import { findNearestWord } from '@comfleet/contract/texts/nearest-word';
import type { UsageText } from '@comfleet/contract/texts/usage';
import { UsageError } from '../exit-codes.ts';

/** The word that was meant, of those that there are. Throws UsageError with the nearest one. */
export function pickOne<Word extends string>(flag: string, value: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === value);
  if (word === undefined) {
    const refused = { code: 'usage.bad_value', params: { flag, value: value } } as const;
    throw new UsageError([refused, ...refuseChoice(value, words)]);
  }
  return word;
}

/** What may be written instead, the nearest one named. */
export function refuseChoice(wish: string, words: readonly string[]): UsageText[] {
  return [{ code: 'usage.one_of', params: { words: words.join(', ') } }, ...suggest(wish, words)];
}

/** The word that was probably meant. */
export function suggest(wish: string, words: readonly string[]): UsageText[] {
  const nearest = findNearestWord(wish, words);
  return nearest === null ? [] : [{ code: 'usage.did_you_mean', params: { nearest } }];
}
