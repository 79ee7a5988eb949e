import { type LiveMessage, recordedErrorSchema, streamFrameSchema } from '@comfleet/contract';
import { parseJsonOrNull } from '../errors.ts';

const liveErrorSchema = recordedErrorSchema.pick({ code: true, message: true });

/** Reads what arrived on the live socket; null for what this version does not know. */
export function parseLiveMessage(data: unknown): LiveMessage | null {
  const value = typeof data === 'string' ? parseJsonOrNull(data) : null;
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  if (value.type === 'ready' && 'principal_id' in value && typeof value.principal_id === 'string') {
    return { type: 'ready', principal_id: value.principal_id };
  }
  if (value.type === 'frame' && 'frame' in value) {
    const frame = streamFrameSchema.safeParse(value.frame);
    return frame.success ? { type: 'frame', frame: frame.data } : null;
  }
  if (value.type === 'error' && 'error' in value) {
    const error = liveErrorSchema.safeParse(value.error);
    return error.success ? { type: 'error', error: error.data } : null;
  }
  return null;
}
