import { type Catalogue, formatText, mergeCatalogues, type TextOf } from './catalogue.ts';
import { en } from './fleet/en.ts';
import { zhCn } from './fleet/zh-cn.ts';
import { zhTw } from './fleet/zh-tw.ts';
import { RECOVERY_TEXTS } from './recovery.ts';

/** What checks found about workers, what happened to them, and what to do about it. */
export const FLEET_TEXTS = mergeCatalogues(RECOVERY_TEXTS, {
  en,
  'zh-CN': zhCn,
  'zh-TW': zhTw,
} satisfies Catalogue<typeof en>);

/** What a server says about a worker. */
export type FleetText = TextOf<typeof FLEET_TEXTS.en>;

/** A cause: ours, or in the words of the one who saw it. */
export type FleetReason = FleetText | string;

/** The English of a cause. */
export function toReasonSentence(reason: FleetReason): string {
  return typeof reason === 'string' ? reason : toFleetSentence(reason);
}

/** The English of a text about a worker, for logs and for clients that know no codes. */
export function toFleetSentence(text: FleetText): string {
  return formatText(FLEET_TEXTS, 'en', text);
}
