import { type Catalogue, mergeCatalogues } from './catalogue.ts';
import { en } from './cli/en.ts';
import { zhCn } from './cli/zh-cn.ts';
import { zhTw } from './cli/zh-tw.ts';
import { DEFINITION_TEXTS } from './definitions.ts';
import { FLEET_TEXTS } from './fleet.ts';
import { OPERATIONS_TEXTS } from './operations.ts';
import { USAGE_TEXTS } from './usage.ts';

const SERVER_TEXTS = mergeCatalogues(DEFINITION_TEXTS, FLEET_TEXTS);

/** Texts of the command: its output, usage errors, and all texts of servers. */
export const CLI_TEXTS = mergeCatalogues(
  mergeCatalogues(mergeCatalogues(SERVER_TEXTS, USAGE_TEXTS), OPERATIONS_TEXTS),
  {
    en,
    'zh-CN': zhCn,
    'zh-TW': zhTw,
  } satisfies Catalogue<typeof en>,
);
