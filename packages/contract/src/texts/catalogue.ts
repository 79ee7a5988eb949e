import { FALLBACKS, type Language } from './language.ts';
import type { Text, TextParam } from './text.ts';

/** A sentence with `{name}` placeholders, or a choice of sentences by a value. */
export type Message = string | Choice;

/**
 * Selects a case by the value of `by`: the value itself, else for a number its plural category (`one`, `other` … of
 * `Intl.PluralRules`), else `other`.
 */
export interface Choice {
  readonly by: string;
  readonly cases: Readonly<Record<string, string>> & { readonly other: string };
}

/** The messages of one language by code. */
export type Messages = Readonly<Record<string, Message>>;

/** The messages of another language; missing ones are shown in the next language of `FALLBACKS`. */
export type Translation<M extends Messages> = { readonly [Code in keyof M]?: Message };

/** The texts of one area in every language; English is complete. */
export interface Catalogue<M extends Messages = Messages> {
  readonly en: M;
  readonly 'zh-CN'?: Translation<M>;
  readonly 'zh-TW'?: Translation<M>;
}

type NamesIn<Sentence extends string> = Sentence extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

type NamesOf<M extends Message> = M extends string
  ? NamesIn<M>
  : M extends {
        readonly by: infer By extends string;
        readonly cases: Readonly<Record<string, infer Case extends string>>;
      }
    ? By | NamesIn<Case>
    : never;

/** The values that a message needs, by name. */
export type ParamsOf<M extends Message> = { readonly [Name in NamesOf<M>]: TextParam };

/** Codes of the messages that need no values. */
export type PlainCode<M extends Messages> = {
  [Code in keyof M & string]: keyof ParamsOf<M[Code]> extends never ? Code : never;
}[keyof M & string];

/** Every text of the messages, each with its own values. */
export type TextOf<M extends Messages> =
  | { readonly code: PlainCode<M>; readonly params: Readonly<Record<string, never>> }
  | {
      [Code in Exclude<keyof M & string, PlainCode<M>>]: {
        readonly code: Code;
        readonly params: ParamsOf<M[Code]>;
      };
    }[Exclude<keyof M & string, PlainCode<M>>];

/** A text that needs no values. */
export function plainText<Code extends string>(
  code: Code,
): { readonly code: Code; readonly params: Readonly<Record<string, never>> } {
  return { code, params: {} };
}

/** Formats a message of a catalogue; messages without values take none. */
export type Say<M extends Messages> = <Code extends keyof M & string>(
  code: Code,
  ...params: keyof ParamsOf<M[Code]> extends never ? [] : [params: ParamsOf<M[Code]>]
) => string;

/** Binds a catalogue to the language of its reader. */
export function createSay<M extends Messages>(catalogue: Catalogue<M>, language: Language): Say<M> {
  return (code, ...[params]) => formatText(catalogue, language, { code, params: params ?? {} });
}

/** Merges two areas; if both have a code, the second one wins. */
export function mergeCatalogues<A extends Messages, B extends Messages>(
  first: Catalogue<A>,
  second: Catalogue<B>,
): Catalogue<A & B> {
  return {
    en: { ...first.en, ...second.en },
    'zh-CN': { ...first['zh-CN'], ...second['zh-CN'] } as Translation<A & B>,
    'zh-TW': { ...first['zh-TW'], ...second['zh-TW'] } as Translation<A & B>,
  };
}

/** Formats a text in a language; a code that is not in the catalogue is shown as it is, with its values. */
export function formatText(catalogue: Catalogue, language: Language, text: Text): string {
  const found = findMessage(catalogue, language, text.code);
  if (found === null) return describeUnknown(text);
  const { message } = found;
  const sentence = typeof message === 'string' ? message : pickCase(message, found.language, text);
  return sentence.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = Object.hasOwn(text.params, name) ? text.params[name] : undefined;
    return value === undefined ? placeholder : formatParam(catalogue, language, value);
  });
}

/** Formats several sentences, one after the other. */
export function formatTexts(catalogue: Catalogue, language: Language, texts: readonly Text[]): string {
  return texts.map((text) => formatText(catalogue, language, text)).join(language === 'en' ? ' ' : '');
}

/**
 * Formats what a server sent. A server older than the texts sends only the English `sentence`; a newer one may send a code
 * that is not in the catalogue: then its sentence is shown with the code.
 */
export function formatSent(
  catalogue: Catalogue,
  language: Language,
  { texts, sentence }: { texts: Text | readonly Text[] | undefined; sentence: string },
): string {
  if (texts === undefined) return sentence;
  const list = 'code' in texts ? [texts] : texts;
  if (list.every((text) => knowsText(catalogue, text))) return formatTexts(catalogue, language, list);
  return `${sentence} (${list.map(({ code }) => code).join(', ')})`;
}

/** True if every code in the text and in its values has a message. */
export function knowsText(catalogue: Catalogue, { code, params }: Text): boolean {
  return (
    Object.hasOwn(catalogue.en, code) &&
    Object.values(params)
      .flatMap((value) => (typeof value === 'object' ? value : []))
      .every((nested) => knowsText(catalogue, nested))
  );
}

function findMessage(
  catalogue: Catalogue,
  language: Language,
  code: string,
): { message: Message; language: Language } | null {
  for (const candidate of FALLBACKS[language]) {
    const messages = catalogue[candidate];
    const message = messages !== undefined && Object.hasOwn(messages, code) ? messages[code] : undefined;
    if (message !== undefined) return { message, language: candidate };
  }
  return null;
}

function pickCase({ by, cases }: Choice, language: Language, { params }: Text): string {
  const value = Object.hasOwn(params, by) ? params[by] : undefined;
  const name = typeof value === 'object' && 'code' in value ? value.code : String(value);
  const category = typeof value === 'number' ? new Intl.PluralRules(language).select(value) : 'other';
  return (Object.hasOwn(cases, name) ? cases[name] : cases[category]) ?? cases.other;
}

function formatParam(catalogue: Catalogue, language: Language, value: TextParam): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if ('code' in value) return formatText(catalogue, language, value);
  return value.map((text) => formatText(catalogue, language, text)).join(language === 'en' ? ', ' : '、');
}

function describeUnknown({ code, params }: Text): string {
  const values = Object.entries(params)
    .filter(([, value]) => typeof value !== 'object')
    .map(([name, value]) => `${name}: ${String(value)}`);
  return values.length === 0 ? code : `${code} (${values.join(', ')})`;
}
