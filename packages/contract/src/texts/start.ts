import { type Catalogue, mergeCatalogues } from './catalogue.ts';
import { en } from './start/en.ts';
import { zhCn } from './start/zh-cn.ts';
import { TASK_TEXTS } from './tasks.ts';

/** What a start of the server shows, and how its first task went. */
export const START_TEXTS = mergeCatalogues(TASK_TEXTS, {
  en,
  'zh-CN': zhCn,
} satisfies Catalogue<typeof en>);
