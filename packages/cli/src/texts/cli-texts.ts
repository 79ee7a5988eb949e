import {
  createSay,
  formatSent,
  formatText,
  formatTexts,
  type Language,
  parseLanguage,
  type RecordedError,
  type Say,
  type Text,
  tellFailure,
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
  /** Several texts of a server, one after the other. */
  join(texts: readonly Text[]): string;
  /** An error in one line: its code, and the sentence that says the most of it. */
  error(error: RecordedError): string;
  /** That sentence alone. */
  explain(error: RecordedError): string;
  /** What else is stored with an error, one line each. */
  points(error: RecordedError): string[];
}

/** The lines in one language. */
export function chooseTexts(language: Language): CliTexts {
  return {
    say: createSay(CLI_TEXTS, language),
    format: (text) => formatText(CLI_TEXTS, language, text),
    sent: (texts, sentence) => formatSent(CLI_TEXTS, language, { texts: texts ?? undefined, sentence }),
    join: (texts) => formatTexts(CLI_TEXTS, language, texts),
    error: (error) => `${error.code} ${explain(language, error)}`,
    explain: (error) => explain(language, error),
    points: (error) => tellFailure(error).points.map((point) => formatText(CLI_TEXTS, language, point)),
  };
}

/** Where the code says all there is, in English the message is better: it may be of another version, or of a proxy. */
function explain(language: Language, error: RecordedError): string {
  const { summary } = tellFailure(error);
  return language === 'en' && summary.code === error.code
    ? error.message
    : formatText(CLI_TEXTS, language, summary);
}

/** The language of `--lang`, else of LC_ALL, LC_MESSAGES, LANG: the first of them that is set decides. */
export function chooseLanguage(
  wish: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const names = [wish, env.LC_ALL, env.LC_MESSAGES, env.LANG];
  return parseLanguage(names.find((name) => name !== undefined && name !== '') ?? 'en');
}
