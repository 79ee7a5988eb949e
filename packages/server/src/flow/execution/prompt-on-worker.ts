import type { ComfyHttp } from '@comfleet/comfyui';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';

/** Where a prompt is, as its worker says. `ended`: in its history. */
export type Place = 'queued' | 'ended' | 'absent' | 'unreachable';

const CALL_TIMEOUT_MS = 5000;
const GONE_POLL_MS = 100;

/** One look. Queue before history: a prompt that ends in between must not look absent. Never throws. */
export async function findPlace(
  http: ComfyHttp,
  promptId: string,
  { logger, timeoutMs = CALL_TIMEOUT_MS }: { logger: Logger; timeoutMs?: number },
): Promise<Place> {
  try {
    const { running, pending } = await http.loadQueue({ timeoutMs });
    if ([...running, ...pending].some((item) => item.promptId === promptId)) return 'queued';
    return (await http.loadHistory(promptId, { timeoutMs })) ? 'ended' : 'absent';
  } catch (thrown) {
    logger.debug('prompt.look_failed', { promptId, error: toError(thrown).message });
    return 'unreachable';
  }
}

/** Takes one prompt off a worker: out of its queue, and interrupted when it is the one that runs. Others go on. */
export async function stopPrompt(http: ComfyHttp, promptId: string): Promise<void> {
  const timeoutMs = CALL_TIMEOUT_MS;
  await http.deleteQueued([promptId], { timeoutMs });
  const { running } = await http.loadQueue({ timeoutMs });
  if (running.some((item) => item.promptId === promptId)) await http.interrupt(promptId, { timeoutMs });
}

/**
 * Resolves when the queue holds the prompt no more: a deleted one leaves no message and no history, so the queue is the
 * witness. An interrupt that the worker has not taken yet is sent again. Throws WORKER_UNREACHABLE after `limitMs`.
 */
export async function waitUntilGone(
  http: ComfyHttp,
  promptId: string,
  { clock, limitMs }: { clock: Clock; limitMs: number },
): Promise<void> {
  const timeoutMs = CALL_TIMEOUT_MS;
  const startMs = clock.monotonicMs();
  while (clock.monotonicMs() - startMs < limitMs) {
    const { running, pending } = await http.loadQueue({ timeoutMs });
    if (![...running, ...pending].some((item) => item.promptId === promptId)) return;
    await clock.sleep(GONE_POLL_MS);
    if (running.some((item) => item.promptId === promptId)) await http.interrupt(promptId, { timeoutMs });
  }
  throw new AppError('WORKER_UNREACHABLE', { reason: 'the prompt did not stop' });
}
