import { type InjectionKey, inject, type Plugin } from 'vue';

/** What the page has from its browser beside the DOM; passed in, so that tests own time. */
export interface PagePlatform {
  now(): Date;
  /** Acts again and again until the answer is called. */
  every(periodMs: number, act: () => void): () => void;
  /** False while the page is in a tab behind others, or in a window that is put away. */
  isVisible(): boolean;
  /** A new idempotency key. */
  newKey(): string;
}

const PLATFORM: InjectionKey<PagePlatform> = Symbol('platform');

/** The browser that shows the page. */
export const browserPlatform: PagePlatform = {
  now: () => new Date(),
  every(periodMs, act) {
    const timer = window.setInterval(act, periodMs);
    return () => window.clearInterval(timer);
  },
  isVisible: () => document.visibilityState !== 'hidden',
  newKey: () => crypto.randomUUID(),
};

/** Gives the platform to components and stores. */
export function createPagePlatform(platform: PagePlatform): Plugin {
  return { install: (app) => app.provide(PLATFORM, platform) };
}

/** The platform, within the setup of a component or of a store that components use. */
export function usePagePlatform(): PagePlatform {
  const platform = inject(PLATFORM);
  if (platform === undefined) throw new Error('the page was made without a platform');
  return platform;
}
