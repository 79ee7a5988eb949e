import { type Catalogue, mergeCatalogues } from './catalogue.ts';
import { en } from './page/en.ts';
import { zhCn } from './page/zh-cn.ts';
import { TASK_TEXTS } from './tasks.ts';

/** The words of the page, and what servers say about tasks. */
export const PAGE_TEXTS = mergeCatalogues(TASK_TEXTS, {
  en,
  'zh-CN': zhCn,
} satisfies Catalogue<typeof en>);

/** The languages that the page itself is written in. */
export const PAGE_LANGUAGES = ['en', 'zh-CN'] as const;
