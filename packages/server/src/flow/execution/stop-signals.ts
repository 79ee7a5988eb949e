import type { Clock } from '../../platform/time/clock.ts';
import type { StopReason } from './attempt-job.ts';

/** How long a shutdown waits for the answer to a prompt in transit, so that the next start knows where it is. */
const SEND_GRACE_MS = 2000;

/**
 * What cuts the sending of a prompt short: its worker is given up, or a shutdown has waited for it. A cancel does not: a prompt
 * that may have arrived is stopped on the worker, not forgotten.
 */
export function openSendSignal(
  stop: AbortSignal,
  clock: Pick<Clock, 'setTimer'>,
): { signal: AbortSignal; close: () => void } {
  const controller = new AbortController();
  let cancelTimer = () => {};
  const onStop = () => {
    const reason = stop.reason as StopReason;
    const cut = () => controller.abort(reason);
    if (reason === 'worker_lost' || reason === 'worker_died') cut();
    if (reason === 'shutdown') cancelTimer = clock.setTimer(SEND_GRACE_MS, cut);
  };
  if (stop.aborted) onStop();
  else stop.addEventListener('abort', onStop, { once: true });
  return { signal: controller.signal, close: () => cancelTimer() };
}

/** Resolves when the signal is aborted, whatever for. */
export function waitForAbort(signal: AbortSignal): Promise<'aborted'> {
  if (signal.aborted) return Promise.resolve('aborted');
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}
