import type { Clock } from '../../platform/time/clock.ts';
import type { StopReason } from './attempt-job.ts';

/** How long a shutdown waits for the answer to a POST, so that the next start knows where the prompt is. */
const SEND_GRACE_MS = 2000;

/**
 * Opens the signal that aborts the sending of a prompt: when its worker is lost, or a shutdown has waited long enough. A cancel
 * does not abort it: a prompt that may have arrived must be stopped on the worker.
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

/** Resolves when the signal is aborted, for whatever reason. */
export function waitForAbort(signal: AbortSignal): Promise<'aborted'> {
  if (signal.aborted) return Promise.resolve('aborted');
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}
