import { type ComfyHttp, findPrompt } from '@comfleet/comfyui';
import type { Logger } from '../../platform/logging/logger.ts';
import { reportLookupFailure } from './prompt-reports.ts';
import { STOP_CALL_TIMEOUT_MS } from './wait-until-gone.ts';

/**
 * Takes a prompt that waits out of its worker's queue. True only when the worker then has it nowhere: neither in its queue,
 * nor running, nor in its history. ComfyUI answers a deletion the same way whether it found something or not (protocol 4).
 */
export async function removeQueuedPrompt({
  http,
  promptId,
  logger,
}: {
  http: ComfyHttp;
  promptId: string;
  logger: Logger;
}): Promise<boolean> {
  try {
    await http.deleteQueued([promptId], { timeoutMs: STOP_CALL_TIMEOUT_MS });
  } catch (thrown) {
    logger.warn('prompt.not_preempted', { promptId, error: thrown });
    return false;
  }
  const onFailed = reportLookupFailure(logger, promptId);
  return (await findPrompt(http, promptId, { onFailed })) === 'absent';
}
