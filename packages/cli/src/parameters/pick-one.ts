import { findNearestWord } from '@comfleet/contract/texts/nearest-word';
import { UsageError } from '../exit-codes.ts';

/** The word that was meant, of those that there are. Throws UsageError with the nearest one. */
export function pickOne<Word extends string>(what: string, wish: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === wish);
  if (word === undefined) throw new UsageError(`${what} is one of ${describeChoice(wish, words)}`);
  return word;
}

/** `a, b, c, not "x". Did you mean "b"?` */
export function describeChoice(wish: string, words: readonly string[]): string {
  const nearest = findNearestWord(wish, words);
  const advice = nearest === null ? '' : ` Did you mean "${nearest}"?`;
  return `${words.join(', ')}, not "${wish}".${advice}`;
}
