import type { CollectedOutput, ExecutionError, PromptEnd } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import type { Collected } from './attempt-job.ts';
import { findCause } from './causes.ts';
import { type AttemptResult, endAttempt } from './ending.ts';

/** A prompt that succeeded and whose files are to be fetched, or an attempt that has ended. */
export type ClassifiedEnd =
  | { kind: 'collect'; outputs: CollectedOutput[]; cachedNodeIds: string[] }
  | { kind: 'over'; result: Exclude<AttemptResult, { ending: 'succeeded' }> };

/** Classifies how ComfyUI's prompt ended. An error of the graph fails the task; a fault of the worker moves it. */
export function classifyEnd(end: PromptEnd): ClassifiedEnd {
  switch (end.kind) {
    case 'succeeded':
      return { kind: 'collect', outputs: end.outputs, cachedNodeIds: end.cachedNodeIds };
    case 'failed':
      return { kind: 'over', result: classifyExecutionError(end.error) };
    case 'interrupted':
      return {
        kind: 'over',
        result: endAttempt('interrupted', 'PROMPT_INTERRUPTED', {
          node_id: end.nodeId,
          class_type: end.nodeType,
        }),
      };
    case 'lost':
      return { kind: 'over', result: endAttempt('lost', 'PROMPT_LOST', { reason: end.reason }) };
    case 'unreadable':
      return { kind: 'over', result: classifyUnreadable(end) };
    default: {
      const unknownEnd: never = end;
      return unknownEnd;
    }
  }
}

/**
 * Classifies an attempt whose prompt succeeded, by its collected files. The first problem that another run may solve ends it,
 * with the good files kept. A certain problem ends it only if there is no file at all.
 */
export function classifyCollected({
  problems,
  resultCount,
}: Pick<Collected, 'problems' | 'resultCount'>): AttemptResult {
  const hasFiles = resultCount > 0;
  const open = problems.find((problem) => findCause(problem).again !== 'never');
  const decisive = open ?? (hasFiles ? undefined : problems[0]);
  if (decisive === undefined) return { ending: 'succeeded' };
  const { code, details } = decisive;
  return { ...endAttempt(code === 'WORKER_UNREACHABLE' ? 'lost' : 'failed', code, details), hasFiles };
}

/** History that is too large for us would be too large from another worker, too. */
function classifyUnreadable({ reason, isTooLarge }: Extract<PromptEnd, { kind: 'unreadable' }>) {
  const message = `what the worker tells of it cannot be read: ${reason}`;
  if (isTooLarge) {
    const text = plainText('failure.history_too_large');
    return endAttempt('failed', 'RESULT_TOO_LARGE', { reason: 'history', message, message_text: text });
  }
  return endAttempt('failed', 'HISTORY_INCOMPLETE', { reason });
}

function classifyExecutionError(error: ExecutionError): Exclude<AttemptResult, { ending: 'succeeded' }> {
  const details = {
    node_id: error.nodeId,
    class_type: error.nodeType,
    exception_type: error.exceptionType,
    message: error.message,
    traceback: error.traceback.map(hideServerPath).join(''),
  };
  // On every ComfyUI the exception type of a GPU out of memory ends like this (protocol 5.3).
  if (error.exceptionType.endsWith('OutOfMemoryError')) return endAttempt('failed', 'OUT_OF_MEMORY', details);
  // Python's wording of ENOSPC; ComfyUI does not pass the number on (D4).
  if (error.exceptionType === 'OSError' && error.message.includes('[Errno 28]'))
    return endAttempt('failed', 'WORKER_DISK_FULL', details);
  return endAttempt('failed', 'NODE_EXECUTION_ERROR', details);
}

/** Keeps only file names in a traceback: users must not see paths of the worker (protocol 3.5). */
function hideServerPath(line: string): string {
  return line.replace(/File "[^"]*[/\\]([^"/\\]+)"/g, 'File "$1"');
}
