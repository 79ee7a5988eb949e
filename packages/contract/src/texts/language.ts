/** The languages of the user-facing texts. */
export const LANGUAGES = ['en', 'zh-CN', 'zh-TW'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The languages in which a text is looked up, best first; English is complete. */
export const FALLBACKS: Readonly<Record<Language, readonly Language[]>> = {
  en: ['en'],
  'zh-CN': ['zh-CN', 'en'],
  'zh-TW': ['zh-TW', 'zh-CN', 'en'],
};

/**
 * The first of the wanted languages that we have: tags as in `navigator.languages`, values of an `Accept-Language` header
 * with their `q`, or locales as in `LANG` (`zh_TW.UTF-8`). English if there is none.
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

/** A label from the configuration; without `zh_tw` a reader in Taiwan is shown `zh`. */
export interface Label {
  readonly en: string;
  readonly zh: string;
  readonly zh_tw?: string | undefined;
}

/** Selects the label of a language. */
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
