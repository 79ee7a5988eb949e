import { type Catalogue, mergeCatalogues } from './catalogue.ts';
import { en } from './cli/en.ts';
import { zhCn } from './cli/zh-cn.ts';
import { zhTw } from './cli/zh-tw.ts';
import { DEFINITION_TEXTS } from './definitions.ts';
import { FLEET_TEXTS } from './fleet.ts';
import { USAGE_TEXTS } from './usage.ts';

const SERVER_TEXTS = mergeCatalogues(DEFINITION_TEXTS, FLEET_TEXTS);

/** The lines of the command, what is wrong with its command lines, and all that servers say. */
export const CLI_TEXTS = mergeCatalogues(mergeCatalogues(SERVER_TEXTS, USAGE_TEXTS), {
  en,
  'zh-CN': zhCn,
  'zh-TW': zhTw,
} satisfies Catalogue<typeof en>);
