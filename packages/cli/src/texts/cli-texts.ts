import {
  createSay,
  formatSent,
  formatText,
  knowsText,
  type Language,
  parseLanguage,
  plainText,
  type Say,
  type Text,
} from '@comfleet/contract';
import { CLI_TEXTS } from '@comfleet/contract/texts/cli';

/** What a batch makes. */
export type Medium = 'image' | 'video';

/** The lines of the command in one language. */
export interface CliTexts {
  readonly say: Say<typeof CLI_TEXTS.en>;
  /** A text that is made of a server's answer. */
  format(text: Text): string;
  /** What a server said; its English sentence where it is of another version. */
  sent(texts: Text | readonly Text[] | null | undefined, sentence: string): string;
  /** An error by its code, with what it means. */
  error(error: { readonly code: string; readonly message: string }): string;
}

/** The lines in one language. */
export function chooseTexts(language: Language): CliTexts {
  return {
    say: createSay(CLI_TEXTS, language),
    format: (text) => formatText(CLI_TEXTS, language, text),
    sent: (texts, sentence) => formatSent(CLI_TEXTS, language, { texts: texts ?? undefined, sentence }),
    error: ({ code, message }) => `${code} ${explainError(language, code, message)}`,
  };
}

/** In English the message says more than the registry: it may be of another version. */
export function explainError(language: Language, code: string, message: string): string {
  const text = plainText(code);
  return language !== 'en' && knowsText(CLI_TEXTS, text) ? formatText(CLI_TEXTS, language, text) : message;
}

/** The language of `--lang`, else of LC_ALL, LC_MESSAGES, LANG: the first of them that is set decides. */
export function chooseLanguage(
  wish: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const names = [wish, env.LC_ALL, env.LC_MESSAGES, env.LANG];
  return parseLanguage(names.find((name) => name !== undefined && name !== '') ?? 'en');
}
