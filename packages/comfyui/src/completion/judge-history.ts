import { isRecord, readString } from '../json/records.ts';
import type { HistoryEntry } from './history-entry.ts';
import type { ExecutionError, IncompleteHistory, PromptOutcome } from './prompt-outcome.ts';
import { readOutputs } from './read-outputs.ts';

/** Output classes that return no UI result: their prompts succeed with empty outputs (recorded from a real server). */
const SILENT_CLASSES = new Set(['SaveImageWebsocket']);

/**
 * Decides how a prompt ended: messages first, because `status_str` can be the previous prompt's, then status, then outputs.
 * Success needs `execution_success`, no error status, and a result of at least one expected output node (others may be blocked).
 */
export function judgeHistory(
  entry: HistoryEntry,
  expectedOutputNodeIds: readonly string[],
): PromptOutcome | IncompleteHistory {
  const outputs = readOutputs(entry.outputs);
  const messages = readMessages(entry);
  const failure = messages.findLast(([name, data]) => name === 'execution_error' && !isBlocked(data));
  if (failure !== undefined) return { kind: 'failed', error: readExecutionError(failure[1]), outputs };
  const stop = messages.findLast(([name]) => name === 'execution_interrupted');
  if (stop !== undefined) {
    const nodeId = readString(stop[1], 'node_id') ?? null;
    return { kind: 'interrupted', nodeId, nodeType: readString(stop[1], 'node_type') ?? null, outputs };
  }
  if (isRecord(entry.status) && entry.status['status_str'] === 'error') {
    return { kind: 'failed', error: ERROR_WITHOUT_MESSAGE, outputs };
  }
  if (!messages.some(([name]) => name === 'execution_success')) {
    return { kind: 'incomplete', reason: 'history has no end message' };
  }
  return judgeOutputs(entry, expectedOutputNodeIds, outputs);
}

const ERROR_WITHOUT_MESSAGE: ExecutionError = {
  nodeId: null,
  nodeType: null,
  exceptionType: 'UnknownError',
  message: 'ComfyUI reports an error status without an error message',
  traceback: [],
  executed: [],
};

function judgeOutputs(
  entry: HistoryEntry,
  expectedOutputNodeIds: readonly string[],
  outputs: ReturnType<typeof readOutputs>,
): PromptOutcome | IncompleteHistory {
  if (!isRecord(entry.outputs)) return { kind: 'incomplete', reason: 'history has no outputs' };
  const present = entry.outputs;
  const graph = readQueuedGraph(entry);
  const expected = expectedOutputNodeIds.filter((id) => !isSilent(graph[id]));
  if (expected.length > 0 && !expected.some((id) => Object.hasOwn(present, id))) {
    return { kind: 'incomplete', reason: `history has no output of node ${expected.join(', ')}` };
  }
  return { kind: 'succeeded', outputs };
}

function isSilent(node: unknown): boolean {
  return isRecord(node) && SILENT_CLASSES.has(readString(node, 'class_type') ?? '');
}

function readQueuedGraph(entry: HistoryEntry): Record<string, unknown> {
  const graph: unknown = Array.isArray(entry.prompt) ? entry.prompt[2] : undefined;
  return isRecord(graph) ? graph : {};
}

function readMessages(entry: HistoryEntry): [string, Record<string, unknown>][] {
  const messages = isRecord(entry.status) ? entry.status['messages'] : undefined;
  if (!Array.isArray(messages)) return [];
  const read: [string, Record<string, unknown>][] = [];
  for (const message of messages) {
    if (!Array.isArray(message)) continue;
    const [name, data]: unknown[] = message;
    if (typeof name === 'string') read.push([name, isRecord(data) ? data : {}]);
  }
  return read;
}

/** True for the error of a blocked branch, which does not end its prompt (protocol 5.3). */
export function isBlocked(data: Record<string, unknown>): boolean {
  return data['exception_type'] === 'ExecutionBlocked';
}

/** Reads the data of an `execution_error`, from a socket or from history. */
export function readExecutionError(data: Record<string, unknown>): ExecutionError {
  const strings = (key: string): string[] => {
    const value = data[key];
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  };
  return {
    nodeId: readString(data, 'node_id') ?? null,
    nodeType: readString(data, 'node_type') ?? null,
    exceptionType: readString(data, 'exception_type') ?? 'UnknownError',
    message: (readString(data, 'exception_message') ?? '').trim(),
    traceback: strings('traceback'),
    executed: strings('executed'),
  };
}
