import { type Catalogue, mergeCatalogues } from './catalogue.ts';
import { FLEET_TEXTS } from './fleet.ts';
import { en } from './start/en.ts';
import { zhCn } from './start/zh-cn.ts';
import { TASK_TEXTS } from './tasks.ts';

/** What a start of the server shows, what it says of workers, and how its first task went. */
export const START_TEXTS = mergeCatalogues(mergeCatalogues(TASK_TEXTS, FLEET_TEXTS), {
  en,
  'zh-CN': zhCn,
} satisfies Catalogue<typeof en>);
