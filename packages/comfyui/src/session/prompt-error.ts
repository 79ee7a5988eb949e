import type { PromptEnd } from '../completion/prompt-outcome.ts';
import { ComfyError } from '../http/comfy-error.ts';

/** The error that stands for every end but success. */
export function toPromptError(promptId: string, end: Exclude<PromptEnd, { kind: 'succeeded' }>): ComfyError {
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
    case 'unreadable':
      return new ComfyError('PROMPT_LOST', end.reason, { details: { promptId } });
  }
}
