import type { Catalogue, TextOf } from './catalogue.ts';
import { en } from './usage/en.ts';
import { zhCn } from './usage/zh-cn.ts';
import { zhTw } from './usage/zh-tw.ts';

/** What is wrong with a command line. */
export const USAGE_TEXTS = { en, 'zh-CN': zhCn, 'zh-TW': zhTw } satisfies Catalogue<typeof en>;

/** One sentence about a command line that is not right. */
export type UsageText = TextOf<typeof USAGE_TEXTS.en>;
