import { findSpoken, parseLanguage } from '@comfleet/contract';
import { PAGE_LANGUAGES } from '@comfleet/contract/texts/page';
import { type InjectionKey, inject, type Plugin, type Ref, ref } from 'vue';

/** A language in which the page is written. */
export type PageLanguage = (typeof PAGE_LANGUAGES)[number];

const STORE_KEY = 'comfleet.language';
const LANGUAGE: InjectionKey<Ref<PageLanguage>> = Symbol('language');

/** The language to begin with: the person's own choice, else the browser's first that we speak. */
export function chooseLanguage(kept: string | null, browserLanguages: readonly string[]): PageLanguage {
  return findSpoken(parseLanguage([kept ?? '', ...browserLanguages]), PAGE_LANGUAGES);
}

/** Gives every component the language, which may change while the page is open. */
export function createPageLanguage(language: PageLanguage): Plugin {
  const chosen = ref(language);
  return { install: (app) => app.provide(LANGUAGE, chosen) };
}

/** The page's language, within a component's setup. */
export function usePageLanguage(): Ref<PageLanguage> {
  const language = inject(LANGUAGE);
  if (language === undefined) throw new Error('the page was made without a language');
  return language;
}

/** What this browser chose before. */
export function loadLanguage(storage: Storage): string | null {
  return storage.getItem(STORE_KEY);
}

/** Keeps the choice and marks the document. */
export function keepLanguage(storage: Storage, language: PageLanguage): void {
  storage.setItem(STORE_KEY, language);
  document.documentElement.lang = language;
}
