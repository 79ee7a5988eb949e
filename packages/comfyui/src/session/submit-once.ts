import { ComfyError } from '../http/comfy-error.ts';
import type { ComfyHttp } from '../http/comfy-http.ts';
import type { PromptRequest } from '../http/submit-prompt.ts';
import type { Clock } from '../time/clock.ts';

const LOOK_AFTER_MS = [0, 1000, 2000, 2000];

/** Where and how long to submit. */
export interface SubmitPlace {
  http: ComfyHttp;
  clock: Clock;
  /** Stops the looking, never the POST itself. */
  signal: AbortSignal | undefined;
}

/**
 * Submits a prompt at most once. When the answer is unclear, looks for the prompt at 0, 1, 3 and 5 s instead of sending it
 * again (a resend would run it twice). False when the signal stopped the looking. Throws ComfyError when it was refused, not
 * sent, or not found.
 */
export async function submitOnce(place: SubmitPlace, request: PromptRequest): Promise<boolean> {
  const outcome = await place.http.submitPrompt(request);
  switch (outcome.kind) {
    case 'accepted':
      if (outcome.nodeErrors === null) return true;
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
    case 'unclear': {
      const known = await look(place, request.promptId);
      if (known === 'absent') throw outcome.cause;
      return known === 'found';
    }
  }
}

async function look(
  { http, clock, signal }: SubmitPlace,
  promptId: string,
): Promise<'found' | 'absent' | 'stopped'> {
  for (const waitMs of LOOK_AFTER_MS) {
    try {
      await clock.sleep(waitMs, signal);
      const { running, pending } = await http.loadQueue();
      if ([...running, ...pending].some((item) => item.promptId === promptId)) return 'found';
      if ((await http.loadHistory(promptId)) !== null) return 'found';
    } catch (error) {
      if (signal?.aborted) return 'stopped';
      // Still unclear: the next look may find the server again.
      if (!(error instanceof ComfyError)) throw error;
    }
  }
  return 'absent';
}

/** Takes a prompt back: deletes it from the queue, or interrupts it when it runs; never another prompt. */
export async function withdrawPrompt(http: ComfyHttp, promptId: string): Promise<void> {
  await http.deleteQueued([promptId]);
  const { running } = await http.loadQueue();
  if (running.some((item) => item.promptId === promptId)) await http.interrupt(promptId);
}
