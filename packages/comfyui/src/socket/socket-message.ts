import { isRecord, readNumber, readString } from '../json/records.ts';
import { parseTolerantJson } from '../json/tolerant-json.ts';

/** State of one graph node inside a `progress_state` message. Ids of expanded subgraphs have a `display_node_id` of the submitted graph. */
export interface NodeProgress {
  value: number;
  max: number;
  state: string;
  node_id: string;
  display_node_id: string;
}

/** Broadcast whenever the queue changes; `sid` only in the first message of a connection. */
export interface StatusMessage {
  type: 'status';
  data: { queue_remaining: number; sid: string | null };
}
/** The prompt began to execute. */
export interface ExecutionStartMessage {
  type: 'execution_start';
  data: { prompt_id: string };
}
/** Graph nodes that will not run because their result is cached. */
export interface ExecutionCachedMessage {
  type: 'execution_cached';
  data: { prompt_id: string; nodes: string[] };
}
/** All nodes that run or ran; pending ones are left out. */
export interface ProgressStateMessage {
  type: 'progress_state';
  data: { prompt_id: string; nodes: Record<string, NodeProgress> };
}
/** The running node; `node` null is the end marker. Only after a reconnect it lacks `prompt_id`, and then proves nothing. */
export interface ExecutingMessage {
  type: 'executing';
  data: { node: string | null; display_node: string | null; prompt_id: string | null };
}
/** Steps of one node. `prompt_id` is null on old servers. */
export interface ProgressMessage {
  type: 'progress';
  data: { value: number; max: number; prompt_id: string | null; node: string | null };
}
/** A node with UI output finished, or was served from the cache. */
export interface ExecutedMessage {
  type: 'executed';
  data: { prompt_id: string; node: string; display_node: string; output: unknown };
}
/** A node failed. With exception type "ExecutionBlocked" it is not the end (protocol 5.3). */
export interface ExecutionErrorMessage {
  type: 'execution_error';
  data: { prompt_id: string } & Record<string, unknown>;
}
/** The prompt was interrupted. */
export interface ExecutionInterruptedMessage {
  type: 'execution_interrupted';
  data: { prompt_id: string } & Record<string, unknown>;
}
/** All nodes are done; the history entry may not exist yet. */
export interface ExecutionSuccessMessage {
  type: 'execution_success';
  data: { prompt_id: string };
}
/** The server's answer to our feature flags. */
export interface FeatureFlagsMessage {
  type: 'feature_flags';
  data: Record<string, unknown>;
}
/** Any other type (custom nodes, later servers), or a known type with other data; `name` is the type on the wire. */
export interface OtherMessage {
  type: 'other';
  name: string;
  data: unknown;
}

/** One text frame of a ComfyUI socket, protocol 5.3. */
export type SocketMessage =
  | StatusMessage
  | ExecutionStartMessage
  | ExecutionCachedMessage
  | ProgressStateMessage
  | ExecutingMessage
  | ProgressMessage
  | ExecutedMessage
  | ExecutionErrorMessage
  | ExecutionInterruptedMessage
  | ExecutionSuccessMessage
  | FeatureFlagsMessage
  | OtherMessage;

/** The prompt of a message; null for messages without one. */
export function readPromptId(message: SocketMessage): string | null {
  switch (message.type) {
    case 'status':
    case 'feature_flags':
      return null;
    case 'other':
      return isRecord(message.data) ? (readString(message.data, 'prompt_id') ?? null) : null;
    default:
      return message.data.prompt_id;
  }
}

/** Parses a text frame; null when it is too large, or not a JSON object with a `type` (such frames are dropped). Never throws. */
export function parseSocketMessage(text: string): SocketMessage | null {
  let frame: unknown;
  try {
    if (hasManyValues(text)) return null;
    frame = parseTolerantJson(text);
  } catch {
    return null; // invalid JSON is a bad frame like any other
  }
  if (!isRecord(frame)) return null;
  const name = readString(frame, 'type');
  if (name === undefined) return null;
  const known = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  const message = known && isRecord(frame['data']) ? known(frame['data']) : null;
  return message ?? { type: 'other', name, data: frame['data'] };
}

/** A frame with more values takes too long to read; the progress of a thousand nodes has some ten thousand. */
const MAX_VALUES = 50_000;

function hasManyValues(text: string): boolean {
  if (text.length <= MAX_VALUES) return false;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2c || code === 0x5b || code === 0x7b) values += 1;
  }
  return values > MAX_VALUES;
}

type Data = Record<string, unknown>;

const READERS: Record<string, (data: Data) => SocketMessage | null> = {
  status: readStatus,
  execution_start: (data) =>
    withPrompt(data, (prompt_id) => ({ type: 'execution_start', data: { prompt_id } })),
  execution_cached: (data) =>
    withPrompt(data, (prompt_id) => ({
      type: 'execution_cached',
      data: { prompt_id, nodes: readStrings(data['nodes']) },
    })),
  progress_state: (data) =>
    withPrompt(data, (prompt_id) => ({
      type: 'progress_state',
      data: { prompt_id, nodes: readNodes(data['nodes']) },
    })),
  executing: readExecuting,
  progress: readProgress,
  executed: readExecuted,
  execution_error: (data) =>
    withPrompt(data, (prompt_id) => ({ type: 'execution_error', data: { ...data, prompt_id } })),
  execution_interrupted: (data) =>
    withPrompt(data, (prompt_id) => ({ type: 'execution_interrupted', data: { ...data, prompt_id } })),
  execution_success: (data) =>
    withPrompt(data, (prompt_id) => ({ type: 'execution_success', data: { prompt_id } })),
  feature_flags: (data) => ({ type: 'feature_flags', data }),
};

function withPrompt(data: Data, make: (promptId: string) => SocketMessage): SocketMessage | null {
  const promptId = readString(data, 'prompt_id');
  return promptId === undefined ? null : make(promptId);
}

function readStatus(data: Data): SocketMessage | null {
  const status = data['status'];
  const info = isRecord(status) ? status['exec_info'] : undefined;
  const remaining = isRecord(info) ? readNumber(info, 'queue_remaining') : undefined;
  if (remaining === undefined) return null;
  return { type: 'status', data: { queue_remaining: remaining, sid: readString(data, 'sid') ?? null } };
}

function readExecuting(data: Data): SocketMessage | null {
  const node = data['node'];
  if (node !== null && typeof node !== 'string') return null;
  return {
    type: 'executing',
    data: {
      node,
      display_node: readString(data, 'display_node') ?? node,
      prompt_id: readString(data, 'prompt_id') ?? null,
    },
  };
}

function readProgress(data: Data): SocketMessage | null {
  const value = readNumber(data, 'value');
  const max = readNumber(data, 'max');
  if (value === undefined || max === undefined) return null;
  const promptId = readString(data, 'prompt_id') ?? null;
  return {
    type: 'progress',
    data: { value, max, prompt_id: promptId, node: readString(data, 'node') ?? null },
  };
}

function readExecuted(data: Data): SocketMessage | null {
  const node = readString(data, 'node');
  if (node === undefined) return null;
  const displayNode = readString(data, 'display_node') ?? node;
  return withPrompt(data, (prompt_id) => ({
    type: 'executed',
    data: { prompt_id, node, display_node: displayNode, output: data['output'] ?? null },
  }));
}

function readStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function readNodes(value: unknown): Record<string, NodeProgress> {
  if (!isRecord(value)) return {};
  const nodes: [string, NodeProgress][] = [];
  for (const [id, node] of Object.entries(value)) {
    if (!isRecord(node)) continue;
    nodes.push([
      id,
      {
        value: readNumber(node, 'value') ?? 0,
        max: readNumber(node, 'max') ?? 1,
        state: readString(node, 'state') ?? 'running',
        node_id: readString(node, 'node_id') ?? id,
        display_node_id: readString(node, 'display_node_id') ?? id,
      },
    ]);
  }
  return Object.fromEntries(nodes);
}
