import { createSay, type Language, type Say } from '@comfleet/contract';
import { START_TEXTS } from '@comfleet/contract/texts/start';

/** Formats the lines of a start in a language. */
export type SayStart = Say<typeof START_TEXTS.en>;

export function createSayStart(language: Language): SayStart {
  return createSay(START_TEXTS, language);
}
