import type { Catalogue } from './catalogue.ts';
import { en } from './errors/en.ts';
import { zhCn } from './errors/zh-cn.ts';
import { zhTw } from './errors/zh-tw.ts';

/** What errors mean, by the codes of the registry. */
export const ERROR_TEXTS = { en, 'zh-CN': zhCn, 'zh-TW': zhTw } satisfies Catalogue<typeof en>;
