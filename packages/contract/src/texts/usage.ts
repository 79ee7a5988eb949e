import type { Catalogue, TextOf } from './catalogue.ts';
import { en } from './usage/en.ts';
import { zhCn } from './usage/zh-cn.ts';
import { zhTw } from './usage/zh-tw.ts';

/** Usage errors. */
export const USAGE_TEXTS = { en, 'zh-CN': zhCn, 'zh-TW': zhTw } satisfies Catalogue<typeof en>;

/** A usage error of a command line. */
export type UsageText = TextOf<typeof USAGE_TEXTS.en>;
