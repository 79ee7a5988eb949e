import type { Language } from '@comfleet/contract';
import { keepLanguage, usePageLanguage } from '../i18n/language.ts';

/** Changes the page's language and keeps the choice in this browser. */
export function useLanguageChoice() {
  const chosen = usePageLanguage();

  function choose(language: Language): void {
    chosen.value = language;
    keepLanguage(window.localStorage, language);
  }

  return { choose };
}
