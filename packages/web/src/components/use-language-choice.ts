import { keepLanguage, type PageLanguage, usePageLanguage } from '../i18n/language.ts';

/** Changes the page's language and keeps the choice in this browser. */
export function useLanguageChoice() {
  const chosen = usePageLanguage();

  function choose(language: PageLanguage): void {
    chosen.value = language;
    keepLanguage(window.localStorage, language);
  }

  return { choose };
}
