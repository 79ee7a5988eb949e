import { type LiveMessage, recordedErrorSchema, streamFrameSchema } from '@comfleet/contract';
import { parseJsonOrNull } from '../errors.ts';

const liveErrorSchema = recordedErrorSchema.pick({ code: true, message: true });

/** Reads what arrived on the live socket; null for what this version does not know. */
export function parseLiveMessage(data: unknown): LiveMessage | null {
  const value = typeof data === 'string' ? parseJsonOrNull(data) : null;
  return typeof value === 'object' && value !== null ? toLiveMessage(value) : null;
}

function toLiveMessage(value: { type?: unknown; principal_id?: unknown; frame?: unknown; error?: unknown }) {
  switch (value.type) {
    case 'ready':
      return { type: 'ready', principal_id: String(value.principal_id) } as const;
    case 'frame': {
      const frame = streamFrameSchema.safeParse(value.frame);
      return frame.success ? ({ type: 'frame', frame: frame.data } as const) : null;
    }
    case 'error': {
      const error = liveErrorSchema.safeParse(value.error);
      return error.success ? ({ type: 'error', error: error.data } as const) : null;
    }
    default:
      return null;
  }
}
