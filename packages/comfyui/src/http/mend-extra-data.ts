import { isLosslessNumber } from '../json/lossless-number.ts';
import { isRecord } from '../json/records.ts';

/**
 * Drops data that ComfyUI accepts, but that makes every GET /api/jobs answer 500 until the prompt has left its queue and history:
 * an `extra_pnginfo` that is no object, or whose `workflow` is none (seen on 0.33.0).
 */
export function mendExtraData(extraData: Record<string, unknown>): Record<string, unknown> {
  if (!Object.hasOwn(extraData, 'extra_pnginfo')) return extraData;
  const { extra_pnginfo: info, ...rest } = extraData;
  if (!isRecord(info) || isLosslessNumber(info)) return rest;
  const { workflow, ...kept } = info;
  const isWhole = workflow === undefined || (isRecord(workflow) && !isLosslessNumber(workflow));
  if (isWhole) return extraData;
  return { ...rest, extra_pnginfo: kept };
}
