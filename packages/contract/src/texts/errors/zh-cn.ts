import type { Translation } from '../catalogue.ts';
import type { en } from './en.ts';

/** The errors that users of the page meet. */
export const zhCn = {
  UNAUTHORIZED: '登录已失效。',
  QUOTA_EXCEEDED: '等待中的任务过多，请稍后再试。',
  RATE_LIMITED: '请求过于频繁，请稍候。',
  NO_CAPABLE_WORKER: '没有工作节点具备任务所需的节点类、模型、标签或名称；详情中列出。',
  UNAVAILABLE: '暂时无法访问数据库，数据没有丢失，请稍后重试。',
  STORAGE_FULL: '服务器磁盘已满或无法写入，暂时不能保存；数据没有丢失，请稍后重试。',
  BODY_TOO_LARGE: '文件过大。',
  UNSUPPORTED_MEDIA: '不支持此类文件。',
} satisfies Translation<typeof en>;
