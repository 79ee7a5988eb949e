import { zhCn as errors } from './errors/zh-cn.ts';
import { zhCn as page } from './page/zh-cn.ts';
import { zhCn as recovery } from './recovery/zh-cn.ts';
import { zhCn as tasks } from './tasks/zh-cn.ts';
import { zhCn as values } from './values/zh-cn.ts';

/** What the page says to readers of Simplified Chinese; loaded for them alone. */
export const PAGE_ZH_CN = { ...errors, ...recovery, ...values, ...tasks, ...page };
