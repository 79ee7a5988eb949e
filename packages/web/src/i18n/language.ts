import { type Language, parseLanguage } from '@comfleet/contract';
import { type InjectionKey, inject, type Plugin, type Ref, ref } from 'vue';

const STORE_KEY = 'comfleet.language';
const LANGUAGE: InjectionKey<Ref<Language>> = Symbol('language');

/** The language to begin with: the person's own choice, else the browser's first that we speak. */
export function chooseLanguage(kept: string | null, browserLanguages: readonly string[]): Language {
  return parseLanguage([kept ?? '', ...browserLanguages]);
}

/** Gives every component the language, which may change while the page is open. */
export function createPageLanguage(language: Language): Plugin {
  const chosen = ref(language);
  return { install: (app) => app.provide(LANGUAGE, chosen) };
}

/** The page's language, within a component's setup. */
export function usePageLanguage(): Ref<Language> {
  const language = inject(LANGUAGE);
  if (language === undefined) throw new Error('the page was made without a language');
  return language;
}

/** What this browser chose before. */
export function loadLanguage(storage: Storage): string | null {
  return storage.getItem(STORE_KEY);
}

/** Keeps the choice and marks the document. */
export function keepLanguage(storage: Storage, language: Language): void {
  storage.setItem(STORE_KEY, language);
  document.documentElement.lang = language;
}
