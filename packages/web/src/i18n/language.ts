import { type Catalogue, type Language, parseLanguage } from '@comfleet/contract';
import type { PAGE_TEXTS } from '@comfleet/contract/texts/page';
import { PAGE_EN } from '@comfleet/contract/texts/page-en';
import { type InjectionKey, inject, type Plugin, type Ref, type ShallowRef, shallowRef } from 'vue';

/** What the page says in the languages that it has loaded. */
export type PageTexts = Catalogue<typeof PAGE_TEXTS.en>;

interface Speech {
  readonly language: Ref<Language>;
  readonly texts: ShallowRef<PageTexts>;
}

const STORE_KEY = 'comfleet.language';
const SPEECH: InjectionKey<Speech> = Symbol('language');

/** The language to begin with: the person's own choice, else the browser's first that we speak. */
export function chooseLanguage(kept: string | null, browserLanguages: readonly string[]): Language {
  return parseLanguage([kept ?? '', ...browserLanguages]);
}

/** Loads the texts of a language beside the English ones; without an answer of the server the page speaks English. */
export async function loadTexts(language: Language): Promise<PageTexts> {
  try {
    if (language === 'zh-CN') {
      const { PAGE_ZH_CN } = await import('@comfleet/contract/texts/page-zh-cn');
      return { en: PAGE_EN, 'zh-CN': PAGE_ZH_CN };
    }
    if (language === 'zh-TW') {
      const { PAGE_ZH_TW } = await import('@comfleet/contract/texts/page-zh-tw');
      return { en: PAGE_EN, 'zh-TW': PAGE_ZH_TW };
    }
  } catch {
    // The server is away or was updated: a reload finds the texts.
  }
  return { en: PAGE_EN };
}

/** Gives every component the language, which may change while the page is open, and its texts. */
export function createPageLanguage(language: Language, texts: PageTexts): Plugin {
  const speech = { language: shallowRef(language), texts: shallowRef(texts) };
  return { install: (app) => app.provide(SPEECH, speech) };
}

/** The page's language with its texts, within a component's setup. */
export function usePageLanguage(): Speech {
  const speech = inject(SPEECH);
  if (speech === undefined) throw new Error('the page was made without a language');
  return speech;
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
