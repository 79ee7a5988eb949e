import { useI18n } from 'vue-i18n';
import { keepLanguage, type Language } from '../i18n/language.ts';

/** Changes the page's language and keeps the choice in this browser. */
export function useLanguageChoice() {
  const { locale } = useI18n();

  function choose(language: Language): void {
    locale.value = language;
    keepLanguage(window.localStorage, language);
  }

  return { choose };
}
