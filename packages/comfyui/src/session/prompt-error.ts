import type { PromptEnd } from '../completion/prompt-outcome.ts';
import { ComfyError } from '../http/comfy-error.ts';

/** Creates the error for an end without success. `cause`: the failure of the POST whose answer was lost. */
export function toPromptError(
  promptId: string,
  end: Exclude<PromptEnd, { kind: 'succeeded' }>,
  cause?: ComfyError,
): ComfyError {
  switch (end.kind) {
    case 'failed': {
      const { message, nodeId, nodeType, exceptionType, traceback } = end.error;
      const details = {
        promptId,
        exceptionType,
        traceback,
        ...(nodeId === null ? {} : { nodeId }),
        ...(nodeType === null ? {} : { nodeType }),
      };
      const where = nodeId === null ? '' : ` in node ${nodeId} (${nodeType ?? 'unknown'})`;
      return new ComfyError('PROMPT_FAILED', `${exceptionType}${where}: ${message}`, { details });
    }
    case 'interrupted':
      return new ComfyError('PROMPT_INTERRUPTED', 'Interrupted', { details: { promptId } });
    case 'lost':
      return new ComfyError('PROMPT_LOST', end.reason, { cause, details: { promptId } });
    case 'unreadable':
      return new ComfyError('PROMPT_LOST', end.reason, { details: { promptId, mayRun: true } });
  }
}
