import type { CollectedOutput, ExecutionError, PromptEnd } from '@comfleet/comfyui';
import type { Collected } from './attempt-job.ts';
import { findCause } from './causes.ts';
import { type AttemptResult, endAttempt } from './ending.ts';

/** A prompt that ended well and whose files are to be fetched, or an attempt that is over. */
export type ClassifiedEnd =
  | { kind: 'collect'; outputs: CollectedOutput[]; cachedNodeIds: string[] }
  | { kind: 'over'; result: Exclude<AttemptResult, { ending: 'succeeded' }> };

/** Translates how ComfyUI's prompt ended into how our attempt goes on. A graph's error fails the task; a worker's fault moves it. */
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
 * How an attempt ended whose prompt succeeded, by what was fetched of its files. The first problem that another run may mend ends it,
 * with the good files in hand; one that is certain only where there is no file at all.
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

/** What one worker tells of a prompt in such an amount, another one would tell too. */
function classifyUnreadable({ reason, isTooLarge }: Extract<PromptEnd, { kind: 'unreadable' }>) {
  const message = `what the worker tells of it cannot be read: ${reason}`;
  if (isTooLarge) return endAttempt('failed', 'RESULT_TOO_LARGE', { reason: 'history', message });
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
  // The exception type of a GPU out of memory ends so on every ComfyUI (protocol 5.3).
  if (error.exceptionType.endsWith('OutOfMemoryError')) return endAttempt('failed', 'OUT_OF_MEMORY', details);
  // ENOSPC as Python words it; ComfyUI passes on no number (D4).
  if (error.exceptionType === 'OSError' && error.message.includes('[Errno 28]'))
    return endAttempt('failed', 'WORKER_DISK_FULL', details);
  return endAttempt('failed', 'NODE_EXECUTION_ERROR', details);
}

/** Tracebacks hold paths of the worker's disk: only file names go to users (protocol 3.5). */
function hideServerPath(line: string): string {
  return line.replace(/File "[^"]*[/\\]([^"/\\]+)"/g, 'File "$1"');
}
