import type { Catalogue } from './catalogue.ts';
import { en } from './help/en.ts';
import { zhCn } from './help/zh-cn.ts';
import { zhTw } from './help/zh-tw.ts';

/** The help pages of the command. */
export const HELP_TEXTS = { en, 'zh-CN': zhCn, 'zh-TW': zhTw } satisfies Catalogue<typeof en>;
