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

/** The label of something that configuration names in English and Chinese. */
export function pickLabel(label: { readonly en: string; readonly zh: string }, language: Language): string {
  return language === 'en' ? label.en : label.zh;
}

/** The first of these languages in which a reader of `language` is shown texts. */
export function findSpoken<Spoken extends Language>(
  language: Language,
  spoken: readonly Spoken[],
): Spoken | 'en' {
  for (const candidate of FALLBACKS[language]) {
    const found = spoken.find((one) => one === candidate);
    if (found !== undefined) return found;
  }
  return 'en';
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
