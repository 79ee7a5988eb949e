import {
  createSay,
  type DefinitionProblem,
  formatDefinitionProblem,
  formatSent,
  formatText,
  formatTexts,
  knowsText,
  type Language,
  plainText,
  type RecordedError,
  readFailure,
  type Say,
  type Text,
} from '@comfleet/contract';
import { CLI_TEXTS } from '@comfleet/contract/texts/cli';
import { nameCommand } from './name-command.ts';

/** What a batch makes. */
export type Medium = 'image' | 'video';

type Codes = keyof typeof CLI_TEXTS.en;
/** A column of a table. */
export type Head = Codes extends infer Code ? (Code extends `head.${infer Name}` ? Name : never) : never;
/** What has names of its own in each language. */
export type NameKind = Codes extends infer Code
  ? Code extends `name.${infer Kind}.${string}`
    ? Kind
    : never
  : never;

/** The lines of the command in one language. */
export interface CliTexts {
  readonly say: Say<typeof CLI_TEXTS.en>;
  /** The heads of a table. */
  heads(...columns: readonly Head[]): string[];
  /** The name of a state, a kind and the like; one of another version is shown as it is. */
  name(kind: NameKind, value: string): string;
  /** A text that is made of a server's answer. */
  format(text: Text): string;
  /** What a server said; its English sentence where it is of another version. */
  sent(texts: Text | readonly Text[] | null | undefined, sentence: string): string;
  /** Several texts of a server, one after the other. */
  join(texts: readonly Text[]): string;
  /** What was refused of the configuration or of a workflow, with its place as compilers write it. */
  definition(problem: DefinitionProblem): string;
  /** An error in one line: its code, and the sentence that says the most of it. */
  error(error: RecordedError): string;
  /** That sentence alone. */
  explain(error: RecordedError): string;
  /** What else is stored with an error, one line each. */
  points(error: RecordedError): string[];
}

/** The lines in one language; `command` is how the reader calls this program. */
export function chooseTexts(language: Language, command = 'comfleet'): CliTexts {
  const catalogue = nameCommand(CLI_TEXTS, command);
  const say = createSay(catalogue, language);
  const format = (text: Text) => formatText(catalogue, language, text);
  const explain = (error: RecordedError) => {
    const failure = explainError(error, language);
    return typeof failure === 'string' ? failure : format(failure);
  };
  const sent: CliTexts['sent'] = (texts, sentence) =>
    formatSent(catalogue, language, { texts: texts ?? undefined, sentence });
  return {
    say,
    heads: (...columns) => columns.map((column) => say(`head.${column}`)),
    name: (kind, value) => {
      const text = plainText(`name.${kind}.${value}`);
      return knowsText(catalogue, text) ? format(text) : value;
    },
    format,
    sent,
    join: (texts) => formatTexts(catalogue, language, texts),
    definition: (problem) => formatDefinitionProblem(problem, sent),
    error: (error) => `${error.code} ${explain(error)}`,
    explain,
    points: (error) => readFailure(error).points.map(format),
  };
}

/** Where the code says all there is, in English the message is better: it may be of another version, or of a proxy. */
function explainError(error: RecordedError, language: Language): Text | string {
  const { summary } = readFailure(error);
  if (language === 'en') return summary.code === error.code ? error.message : summary;
  const ofClient = plainText(`client.${error.code}`);
  return knowsText(CLI_TEXTS, ofClient) ? ofClient : summary;
}
