import { type Catalogue, mergeCatalogues } from './catalogue.ts';
import { en } from './cli/en.ts';
import { zhCn } from './cli/zh-cn.ts';
import { zhTw } from './cli/zh-tw.ts';
import { FLEET_TEXTS } from './fleet.ts';
import { TASK_TEXTS } from './tasks.ts';

/** The lines of the command, and all that servers say. */
export const CLI_TEXTS = mergeCatalogues(mergeCatalogues(TASK_TEXTS, FLEET_TEXTS), {
  en,
  'zh-CN': zhCn,
  'zh-TW': zhTw,
} satisfies Catalogue<typeof en>);
