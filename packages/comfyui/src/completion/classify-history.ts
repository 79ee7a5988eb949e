import { cutLines, cutText } from '../json/cut-text.ts';
import { isRecord, readString, readStrings } from '../json/records.ts';
import type { CollectedOutput } from './collected-output.ts';
import type { HistoryEntry } from './history-entry.ts';
import type { ExecutionError, IncompleteHistory, PromptOutcome } from './prompt-outcome.ts';
import { readOutputs } from './read-outputs.ts';

/**
 * Classifies how a prompt ended: messages first, because `status_str` can be the previous prompt's; then status; then outputs.
 * Success is `execution_success` without an error status, even without outputs: a saver may be blocked, or report nothing
 * (0.33, 5). Outputs are required only if they were announced, by `executed` frames of these nodes or by the entry's `meta`.
 */
export function classifyHistory(
  entry: HistoryEntry,
  announcedNodeIds: readonly string[] = [],
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
  return classifyOutputs(entry, { announcedNodeIds, outputs, cachedNodeIds: readCachedNodeIds(messages) });
}

/** Limit of messages; ComfyUI writes about ten for a prompt. */
const MAX_MESSAGES = 1000;
const MAX_NAMED = 5;
const NAME_BYTES = 500;

const ERROR_WITHOUT_MESSAGE: ExecutionError = {
  nodeId: null,
  nodeType: null,
  exceptionType: 'UnknownError',
  message: 'ComfyUI reports an error status without an error message',
  traceback: [],
  executed: [],
};

function classifyOutputs(
  entry: HistoryEntry,
  read: { announcedNodeIds: readonly string[]; outputs: CollectedOutput[]; cachedNodeIds: string[] },
): PromptOutcome | IncompleteHistory {
  if (!isRecord(entry.outputs)) return { kind: 'incomplete', reason: 'history has no outputs' };
  const present = entry.outputs;
  const announced = new Set([
    ...read.announcedNodeIds,
    ...Object.keys(isRecord(entry.meta) ? entry.meta : {}),
  ]);
  if (announced.size > 0 && ![...announced].some((id) => Object.hasOwn(present, id))) {
    const named = [...announced].slice(0, MAX_NAMED).map((id) => cutText(id, NAME_BYTES));
    return { kind: 'incomplete', reason: `history has no output of node ${named.join(', ')}` };
  }
  return { kind: 'succeeded', outputs: read.outputs, cachedNodeIds: read.cachedNodeIds };
}

function readCachedNodeIds(messages: readonly [string, Record<string, unknown>][]): string[] {
  return messages.flatMap(([name, data]) => {
    const nodes: unknown = name === 'execution_cached' ? data['nodes'] : [];
    return Array.isArray(nodes) ? nodes.map(String) : [];
  });
}

function readMessages(entry: HistoryEntry): [string, Record<string, unknown>][] {
  const messages = isRecord(entry.status) ? entry.status['messages'] : undefined;
  if (!Array.isArray(messages)) return [];
  const read: [string, Record<string, unknown>][] = [];
  for (const message of messages.slice(-MAX_MESSAGES)) {
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

/** Reads the data of an `execution_error`, from a socket or from history; long texts are cut, with a mark. */
export function readExecutionError(data: Record<string, unknown>): ExecutionError {
  const name = (key: string): string | null => {
    const value = readString(data, key);
    return value === undefined ? null : cutText(value, NAME_BYTES);
  };
  return {
    nodeId: name('node_id'),
    nodeType: name('node_type'),
    exceptionType: name('exception_type') ?? 'UnknownError',
    message: cutText((readString(data, 'exception_message') ?? '').trim()),
    traceback: cutLines(readStrings(data['traceback'])),
    executed: readStrings(data['executed']).slice(0, MAX_MESSAGES),
  };
}
