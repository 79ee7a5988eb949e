import { isRecord } from '../json/records.ts';

/**
 * Drops what ComfyUI accepts and then answers 500 for on every GET /api/jobs until the prompt has left its queue and history:
 * an `extra_pnginfo` that is no object, or one whose `workflow` is none (seen on 0.33.0).
 */
export function mendExtraData(extraData: Record<string, unknown>): Record<string, unknown> {
  if (!Object.hasOwn(extraData, 'extra_pnginfo')) return extraData;
  const { extra_pnginfo: info, ...rest } = extraData;
  if (!isRecord(info)) return rest;
  if (!Object.hasOwn(info, 'workflow') || isRecord(info['workflow'])) return extraData;
  const { workflow: _workflow, ...kept } = info;
  return { ...rest, extra_pnginfo: kept };
}
