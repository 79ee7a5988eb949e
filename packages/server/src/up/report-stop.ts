import type { Scope } from '../platform/lifecycle/scope.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { Clock } from '../platform/time/clock.ts';

/**
 * Logs two lines for a stop: `server.stopping` with its cause at the first call of the returned function, and `server.stopped`
 * when everything in the scope is closed; so open it before everything else in the scope.
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
