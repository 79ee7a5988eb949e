import { zhTw as errors } from './errors/zh-tw.ts';
import { zhTw as page } from './page/zh-tw.ts';
import { zhTw as recovery } from './recovery/zh-tw.ts';
import { zhTw as tasks } from './tasks/zh-tw.ts';
import { zhTw as values } from './values/zh-tw.ts';

/** The page's texts in Traditional Chinese, loaded on demand. */
export const PAGE_ZH_TW = { ...errors, ...recovery, ...values, ...tasks, ...page };
