/** Languages of the lines; zh-TW keeps the words of v1. */
export type Language = 'en' | 'zh-CN' | 'zh-TW';

/** The language of `--lang`, else of LC_ALL, LC_MESSAGES, LANG in this order; English when none says Chinese. */
export function chooseLanguage(
  wish: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const names = [wish, env.LC_ALL, env.LC_MESSAGES, env.LANG];
  return toLanguage(names.find((name) => name !== undefined && name !== '') ?? 'en');
}

function toLanguage(name: string): Language {
  const tag = name.toLowerCase().replace('_', '-');
  if (!tag.startsWith('zh')) return 'en';
  return /^zh-(tw|hk|mo|hant)/.test(tag) ? 'zh-TW' : 'zh-CN';
}
