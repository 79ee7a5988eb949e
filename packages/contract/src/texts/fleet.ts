import { type Catalogue, formatText, mergeCatalogues, type TextOf } from './catalogue.ts';
import { en } from './fleet/en.ts';
import { zhCn } from './fleet/zh-cn.ts';
import { zhTw } from './fleet/zh-tw.ts';
import { RECOVERY_TEXTS } from './recovery.ts';

/** Results of worker checks, worker events, and advice. */
export const FLEET_TEXTS = mergeCatalogues(RECOVERY_TEXTS, {
  en,
  'zh-CN': zhCn,
  'zh-TW': zhTw,
} satisfies Catalogue<typeof en>);

/** A text of the server about a worker. */
export type FleetText = TextOf<typeof FLEET_TEXTS.en>;

/** A cause: a text of ours, or a message from elsewhere, verbatim. */
export type FleetReason = FleetText | string;

/** The English of a cause. */
export function toReasonSentence(reason: FleetReason): string {
  return typeof reason === 'string' ? reason : toFleetSentence(reason);
}

/** The English of a text about a worker, for logs and clients without the codes. */
export function toFleetSentence(text: FleetText): string {
  return formatText(FLEET_TEXTS, 'en', text);
}
