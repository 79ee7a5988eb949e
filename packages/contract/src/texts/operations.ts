import type { Catalogue } from './catalogue.ts';
import { en } from './operations/en.ts';
import { zhCn } from './operations/zh-cn.ts';
import { zhTw } from './operations/zh-tw.ts';

/** What the command says of settings and logs. */
export const OPERATIONS_TEXTS = {
  en,
  'zh-CN': zhCn,
  'zh-TW': zhTw,
} satisfies Catalogue<typeof en>;
