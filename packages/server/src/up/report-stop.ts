import type { Scope } from '../platform/lifecycle/scope.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Clock } from '../platform/time/clock.ts';

/**
 * Two lines in the log for a stop: `server.stopping` with its cause when the answer is called, the first time only, and
 * `server.stopped` when everything of the scope is closed; so it is opened before everything else in it.
 */
export function openStopReport(
  scope: Scope,
  { clock, logger }: { clock: Clock; logger: Logger },
): (cause: string) => void {
  let began: { cause: string; atMs: number } | null = null;
  scope.add('stop report', () => {
    const { cause, atMs } = began ?? { cause: 'unknown', atMs: clock.monotonicMs() };
    logger.info('server.stopped', { cause, durationMs: Math.round(clock.monotonicMs() - atMs) });
  });
  return (cause) => {
    if (began) return;
    began = { cause, atMs: clock.monotonicMs() };
    logger.info('server.stopping', { cause });
  };
}
