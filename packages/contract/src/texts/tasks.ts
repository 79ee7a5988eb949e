import { type Catalogue, formatText, mergeCatalogues, type TextOf } from './catalogue.ts';
import { ERROR_TEXTS } from './errors.ts';
import { RECOVERY_TEXTS } from './recovery.ts';
import { en } from './tasks/en.ts';
import { zhCn } from './tasks/zh-cn.ts';
import { zhTw } from './tasks/zh-tw.ts';
import type { Text } from './text.ts';
import { VALUE_TEXTS } from './values.ts';

/** States of tasks and batches, why they wait, problems of their values, and why they failed. */
export const TASK_TEXTS = mergeCatalogues(
  mergeCatalogues(mergeCatalogues(ERROR_TEXTS, RECOVERY_TEXTS), VALUE_TEXTS),
  {
    en,
    'zh-CN': zhCn,
    'zh-TW': zhTw,
  } satisfies Catalogue<typeof en>,
);

/** A text of the server about a task, a batch or a parameter. */
export type TaskText = TextOf<typeof TASK_TEXTS.en>;

/** The English of a text about a task, for logs and clients without the codes. */
export function toTaskSentence(text: Text): string {
  return formatText(TASK_TEXTS, 'en', text);
}
