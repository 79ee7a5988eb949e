/** The languages of the texts for people. */
export const LANGUAGES = ['en', 'zh-CN', 'zh-TW'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The languages in which a text is looked for, best first; English has every text. */
export const FALLBACKS: Readonly<Record<Language, readonly Language[]>> = {
  en: ['en'],
  'zh-CN': ['zh-CN', 'en'],
  'zh-TW': ['zh-TW', 'zh-CN', 'en'],
};

/**
 * The first language we have among the wanted ones: tags as in `navigator.languages`, values of an `Accept-Language`
 * header with their `q`, or locales as in `LANG` (`zh_TW.UTF-8`). English when there is none.
 */
export function parseLanguage(wanted: string | readonly string[]): Language {
  const headers = typeof wanted === 'string' ? [wanted] : wanted;
  for (const tag of headers.flatMap(listTags)) {
    if (/^en\b/.test(tag)) return 'en';
    if (/^zh-(tw|hk|mo|hant)\b/.test(tag)) return 'zh-TW';
    if (/^zh\b/.test(tag)) return 'zh-CN';
  }
  return 'en';
}

/** What configuration names in English and Chinese; without `zh_tw` a Taiwanese reader is shown `zh`. */
export interface Label {
  readonly en: string;
  readonly zh: string;
  readonly zh_tw?: string | undefined;
}

/** A label in a language. */
export function pickLabel({ en, zh, zh_tw: zhTw = zh }: Label, language: Language): string {
  return { en, 'zh-CN': zh, 'zh-TW': zhTw }[language];
}

/** The tags of a header in the order of their `q`, lower case, without the character set of a locale. */
function listTags(header: string): string[] {
  return header
    .split(',')
    .map((entry) => {
      const [tag = '', ...options] = entry.trim().toLowerCase().split(';');
      const quality = options
        .find((option) => option.trim().startsWith('q='))
        ?.trim()
        .slice(2);
      return { tag: tag.replace(/[.@].*$/, '').replaceAll('_', '-'), quality: Number(quality ?? 1) };
    })
    .sort((one, other) => other.quality - one.quality)
    .map(({ tag }) => tag);
}
