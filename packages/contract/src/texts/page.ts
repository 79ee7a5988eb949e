import { type Catalogue, mergeCatalogues } from './catalogue.ts';
import { en } from './page/en.ts';
import { zhCn } from './page/zh-cn.ts';
import { zhTw } from './page/zh-tw.ts';
import { TASK_TEXTS } from './tasks.ts';

/** The page's texts, and those of servers about tasks. */
export const PAGE_TEXTS = mergeCatalogues(TASK_TEXTS, {
  en,
  'zh-CN': zhCn,
  'zh-TW': zhTw,
} satisfies Catalogue<typeof en>);
