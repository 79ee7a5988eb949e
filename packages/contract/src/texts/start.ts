import { type Catalogue, mergeCatalogues } from './catalogue.ts';
import { DEFINITION_TEXTS } from './definitions.ts';
import { FLEET_TEXTS } from './fleet.ts';
import { en } from './start/en.ts';
import { zhCn } from './start/zh-cn.ts';
import { zhTw } from './start/zh-tw.ts';

/** Texts of the server's start, of workers, and of the result of its first task. */
export const START_TEXTS = mergeCatalogues(mergeCatalogues(DEFINITION_TEXTS, FLEET_TEXTS), {
  en,
  'zh-CN': zhCn,
  'zh-TW': zhTw,
} satisfies Catalogue<typeof en>);
