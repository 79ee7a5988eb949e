import { type ComfyHttp, findPrompt } from '@comfleet/comfyui';
import type { Logger } from '../../platform/logging/logger.ts';
import { reportLookupFailure } from './prompt-reports.ts';
import { STOP_CALL_TIMEOUT_MS } from './wait-until-gone.ts';

/**
 * Removes a waiting prompt from its worker's queue. Returns true only if the worker then has it nowhere: not queued, not running
 * and not in its history. ComfyUI's answer to a deletion does not tell whether it found the prompt (protocol 4).
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
