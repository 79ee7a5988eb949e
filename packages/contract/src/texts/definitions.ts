import { type Catalogue, formatText, mergeCatalogues, type TextOf } from './catalogue.ts';
import { en } from './definitions/en.ts';
import { zhCn } from './definitions/zh-cn.ts';
import { zhTw } from './definitions/zh-tw.ts';
import { TASK_TEXTS } from './tasks.ts';
import type { Text } from './text.ts';

/** Problems of a configuration or a workflow definition. */
export const DEFINITION_TEXTS = mergeCatalogues(TASK_TEXTS, {
  en,
  'zh-CN': zhCn,
  'zh-TW': zhTw,
} satisfies Catalogue<typeof en>);

export type DefinitionText = TextOf<typeof DEFINITION_TEXTS.en>;

/** The English of a text about a definition, for logs and clients without the codes. */
export function toDefinitionSentence(text: Text): string {
  return formatText(DEFINITION_TEXTS, 'en', text);
}
