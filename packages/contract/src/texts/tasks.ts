import { type Catalogue, formatText, mergeCatalogues, type TextOf } from './catalogue.ts';
import { ERROR_TEXTS } from './errors.ts';
import { RECOVERY_TEXTS } from './recovery.ts';
import { en } from './tasks/en.ts';
import { zhCn } from './tasks/zh-cn.ts';
import { zhTw } from './tasks/zh-tw.ts';
import type { Text } from './text.ts';
import { VALUE_TEXTS } from './values.ts';

/** Where tasks and batches are, why they wait, what is wrong with their values, and why they failed. */
export const TASK_TEXTS = mergeCatalogues(
  mergeCatalogues(mergeCatalogues(ERROR_TEXTS, RECOVERY_TEXTS), VALUE_TEXTS),
  {
    en,
    'zh-CN': zhCn,
    'zh-TW': zhTw,
  } satisfies Catalogue<typeof en>,
);

/** What a server says about a task, a batch or a parameter. */
export type TaskText = TextOf<typeof TASK_TEXTS.en>;

/** The English of a text about a task, for logs and for clients that know no codes. */
export function toTaskSentence(text: Text): string {
  return formatText(TASK_TEXTS, 'en', text);
}
