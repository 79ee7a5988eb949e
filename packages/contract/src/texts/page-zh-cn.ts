import { zhCn as errors } from './errors/zh-cn.ts';
import { zhCn as page } from './page/zh-cn.ts';
import { zhCn as recovery } from './recovery/zh-cn.ts';
import { zhCn as tasks } from './tasks/zh-cn.ts';
import { zhCn as values } from './values/zh-cn.ts';

/** The page's texts in Simplified Chinese, loaded on demand. */
export const PAGE_ZH_CN = { ...errors, ...recovery, ...values, ...tasks, ...page };
