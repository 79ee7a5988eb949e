import type { ComfyHttp } from '@comfleet/comfyui';
import { AppError } from '../../platform/errors/app-error.ts';
import type { Clock } from '../../platform/time/clock.ts';

/** Timeout of each request that stops a prompt or checks whether it is gone. */
export const STOP_CALL_TIMEOUT_MS = 5000;
const GONE_POLL_MS = 100;

/**
 * Resolves when the prompt has left the queue. Only the queue shows that: a deleted prompt leaves neither message nor history.
 * Repeats an interrupt while the prompt still runs. Throws WORKER_UNREACHABLE after `limitMs`.
 */
export async function waitUntilGone(
  http: ComfyHttp,
  promptId: string,
  { clock, limitMs }: { clock: Clock; limitMs: number },
): Promise<void> {
  const timeoutMs = STOP_CALL_TIMEOUT_MS;
  const startMs = clock.monotonicMs();
  while (clock.monotonicMs() - startMs < limitMs) {
    const { running, pending } = await http.loadQueue({ timeoutMs });
    if (![...running, ...pending].some((item) => item.promptId === promptId)) return;
    await clock.sleep(GONE_POLL_MS);
    if (running.some((item) => item.promptId === promptId)) await http.interrupt(promptId, { timeoutMs });
  }
  throw new AppError('WORKER_UNREACHABLE', { reason: 'the prompt did not stop' });
}
