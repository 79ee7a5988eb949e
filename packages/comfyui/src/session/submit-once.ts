import { ComfyError } from '../http/comfy-error.ts';
import type { ComfyHttp } from '../http/comfy-http.ts';
import type { PromptRequest } from '../http/submit-prompt.ts';
import type { Clock } from '../time/clock.ts';

const LOOK_AFTER_MS = [0, 1000, 2000, 2000];

/**
 * Submits a prompt at most once. When the answer is unclear, looks for the prompt at 0, 1, 3 and 5 s instead of sending it
 * again (a resend would run it twice). Throws ComfyError when it was refused, not sent, or not found.
 */
export async function submitOnce(http: ComfyHttp, clock: Clock, request: PromptRequest): Promise<void> {
  const outcome = await http.submitPrompt(request);
  switch (outcome.kind) {
    case 'accepted':
      if (outcome.nodeErrors === null) return;
      throw new ComfyError('PROMPT_REFUSED', 'Some outputs of the workflow failed validation', {
        details: { promptId: request.promptId, nodeErrors: outcome.nodeErrors },
      });
    case 'refused': {
      const { error, nodeErrors, status } = outcome;
      const details = {
        promptId: request.promptId,
        status,
        type: error.type,
        errorDetails: error.details,
        nodeErrors,
      };
      throw new ComfyError('PROMPT_REFUSED', error.message, { details });
    }
    case 'not_sent':
      throw outcome.cause;
    case 'unclear':
      if (!(await isKnown(http, clock, request))) throw outcome.cause;
  }
}

async function isKnown(http: ComfyHttp, clock: Clock, request: PromptRequest): Promise<boolean> {
  for (const waitMs of LOOK_AFTER_MS) {
    await clock.sleep(waitMs, request.signal);
    try {
      const { running, pending } = await http.loadQueue();
      if ([...running, ...pending].some((item) => item.promptId === request.promptId)) return true;
      if ((await http.loadHistory(request.promptId)) !== null) return true;
    } catch (error) {
      // Still unclear: the next look may find the server again.
      if (!(error instanceof ComfyError)) throw error;
    }
  }
  return false;
}

/** Takes a prompt back: deletes it from the queue, or interrupts it when it runs; never another prompt. */
export async function withdrawPrompt(http: ComfyHttp, promptId: string): Promise<void> {
  await http.deleteQueued([promptId]);
  const { running } = await http.loadQueue();
  if (running.some((item) => item.promptId === promptId)) await http.interrupt(promptId);
}
