import type { Clock } from '../time/clock.ts';
import type { Logger } from './logger.ts';

export interface LineLimit {
  event: string;
  /** Lines with the same values of these fields are counted together. */
  fields: readonly string[];
  maxPerMinute: number;
}

const MINUTE_MS = 60_000;

/**
 * The same logger, but limits similar lines per minute for one event at level info. The first line after that minute gives the
 * number of suppressed ones as `left_out`.
 */
export function limitLines(logger: Logger, clock: Pick<Clock, 'monotonicMs'>, limit: LineLimit): Logger {
  const windows = new Map<string, { startMs: number; lines: number; leftOut: number }>();
  return {
    ...logger,
    info: (event, fields = {}) => {
      if (event !== limit.event) return logger.info(event, fields);
      const nowMs = clock.monotonicMs();
      const key = JSON.stringify(limit.fields.map((name) => (fields as Record<string, unknown>)[name]));
      let window = windows.get(key);
      const leftOut = window?.leftOut ?? 0;
      if (!window || nowMs - window.startMs >= MINUTE_MS) window = { startMs: nowMs, lines: 0, leftOut: 0 };
      windows.set(key, window);
      if (window.lines >= limit.maxPerMinute) {
        window.leftOut += 1;
        return;
      }
      logger.info(event, window.lines === 0 && leftOut > 0 ? { ...fields, left_out: leftOut } : fields);
      window.lines += 1;
    },
  };
}
