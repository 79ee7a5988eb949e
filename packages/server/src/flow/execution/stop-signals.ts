import type { StopReason } from './attempt-job.ts';

/** Aborts for these reasons and for no other. */
export function signalOf(stop: AbortSignal, reasons: readonly StopReason[]): AbortSignal {
  const controller = new AbortController();
  const pass = () => {
    if (reasons.some((reason) => reason === stop.reason)) controller.abort(stop.reason);
  };
  if (stop.aborted) pass();
  else stop.addEventListener('abort', pass, { once: true });
  return controller.signal;
}

/** Resolves when the signal is aborted, whatever for. */
export function waitForAbort(signal: AbortSignal): Promise<'aborted'> {
  if (signal.aborted) return Promise.resolve('aborted');
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}
