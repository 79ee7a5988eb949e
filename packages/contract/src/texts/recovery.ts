import type { Catalogue } from './catalogue.ts';
import { en } from './recovery/en.ts';
import { zhCn } from './recovery/zh-cn.ts';
import { zhTw } from './recovery/zh-tw.ts';

/** Why workers cannot be used, and what is done about it; shown wherever tasks wait. */
export const RECOVERY_TEXTS = { en, 'zh-CN': zhCn, 'zh-TW': zhTw } satisfies Catalogue<typeof en>;
