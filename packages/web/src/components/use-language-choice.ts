import type { Language } from '@comfleet/contract';
import { keepLanguage, loadTexts, usePageLanguage } from '../i18n/language.ts';

/** Changes the page's language and keeps the choice in this browser. */
export function useLanguageChoice() {
  const { language: chosen, texts } = usePageLanguage();

  async function choose(language: Language): Promise<void> {
    texts.value = await loadTexts(language);
    chosen.value = language;
    keepLanguage(window.localStorage, language);
  }

  return { choose };
}
