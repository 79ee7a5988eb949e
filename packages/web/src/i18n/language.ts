import { createI18n } from 'vue-i18n';
import { en } from './en.ts';
import { zh } from './zh.ts';

export type Language = 'en' | 'zh';

const STORE_KEY = 'comfleet.language';

/** The language to begin with: the person's own choice, else the browser's first that we speak. */
export function chooseLanguage(kept: string | null, browserLanguages: readonly string[]): Language {
  if (kept === 'en' || kept === 'zh') return kept;
  for (const tag of browserLanguages) {
    if (tag.toLowerCase().startsWith('zh')) return 'zh';
    if (tag.toLowerCase().startsWith('en')) return 'en';
  }
  return 'en';
}

/** The page's words; choosing a language also marks the document for screen readers and fonts. */
export function createPageI18n(language: Language) {
  return createI18n({ legacy: false, locale: language, fallbackLocale: 'en', messages: { en, zh } });
}

/** What this browser chose before. */
export function loadLanguage(storage: Storage): string | null {
  return storage.getItem(STORE_KEY);
}

/** Keeps the choice and marks the document. */
export function keepLanguage(storage: Storage, language: Language): void {
  storage.setItem(STORE_KEY, language);
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}
