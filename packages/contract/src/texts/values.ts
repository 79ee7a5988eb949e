import type { Catalogue } from './catalogue.ts';
import { en } from './values/en.ts';
import { zhCn } from './values/zh-cn.ts';
import { zhTw } from './values/zh-tw.ts';

/** Problems of a value in a request or a file. */
export const VALUE_TEXTS = { en, 'zh-CN': zhCn, 'zh-TW': zhTw } satisfies Catalogue<typeof en>;
