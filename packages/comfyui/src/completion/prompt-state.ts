import { isRecord } from '../json/records.ts';
import { type ExecutedMessage, readPromptId, type SocketMessage } from '../socket/socket-message.ts';
import { classifyHistory, isBlocked, readExecutionError } from './classify-history.ts';
import { DETECTOR_LIMITS, type DetectorLimits } from './detector-times.ts';
import type { HistoryEntry } from './history-entry.ts';
import type { PromptEnd, PromptOutcome } from './prompt-outcome.ts';

/** Data of every open phase. */
interface Followed {
  promptId: string;
  /** Nodes whose outputs were announced; a history without any of them is incomplete. */
  announcedNodeIds: readonly string[];
  limits: DetectorLimits;
  /** When the prompt was last known to be alive: accepted, in a message, or in the queue. */
  aliveAtMs: number;
  queueRemaining: number | null;
  /** Time of a queue read without the prompt that history has not confirmed yet. */
  queueAbsentAtMs: number | null;
  /** Time of the first confirmed absence from queue and history. */
  absentSinceMs: number | null;
}

/**
 * State of a followed prompt.
 *
 * - pending: the POST is not answered yet. The initial state. Ignores an empty history.
 * - unclear: the answer to the POST was lost, and the server has not shown the prompt. Entered from pending by `unclear`.
 * - queued: the server accepted the prompt. Entered by `submitted` from pending and unclear, and from any open phase when the
 *   prompt is found waiting. Later `submitted` and `unclear` are ignored: messages may overtake the answer.
 * - running: entered from any open phase except ending by a message of the prompt, and when it is found running.
 * - ending: an end was announced, and history must show which. Entered from any open phase by an end message or an incomplete
 *   history. Repeated messages do not leave it; a queue that still has the prompt after the time limit does.
 * - ended: final. Entered by a complete history; when the prompt is absent from queue and history twice; or when an announced
 *   end stays unreadable beyond the time limit. Ignores everything.
 */
export type PromptState =
  | (Followed & { phase: 'pending' })
  | (Followed & { phase: 'unclear' })
  | (Followed & { phase: 'queued' })
  | (Followed & { phase: 'running' })
  | (Followed & {
      phase: 'ending';
      sinceMs: number;
      historyReads: number;
      reason: string;
      hint: PromptOutcome | null;
    })
  | { phase: 'ended'; promptId: string; end: PromptEnd };

/** Input of the detector. `atMs` is monotonic; read the queue before history, never after (protocol 6.4). */
export type PromptSignal =
  | { kind: 'submitted'; atMs: number }
  /** The answer to the POST was lost and the server is unreachable, so the prompt may be there. */
  | { kind: 'unclear'; atMs: number }
  | { kind: 'socket'; message: SocketMessage; atMs: number }
  | { kind: 'history'; entry: HistoryEntry | null; atMs: number }
  /** History could not be read; `isTooLarge`: it never can. */
  | { kind: 'history_failed'; reason: string; isTooLarge: boolean; atMs: number }
  | { kind: 'queue'; place: 'running' | 'pending' | 'absent'; atMs: number }
  | { kind: 'reconnected'; atMs: number }
  | { kind: 'tick'; atMs: number };

/** The next state, and what to query now; null: wait for a message or the next tick. */
export interface PromptStep {
  state: PromptState;
  ask: 'history' | 'queue' | null;
}

/** Creates the state before POST /prompt. Register it first, because messages can overtake the HTTP answer. */
export function createPromptState(options: {
  promptId: string;
  atMs: number;
  limits?: Partial<DetectorLimits>;
}): PromptState {
  return {
    phase: 'pending',
    promptId: options.promptId,
    announcedNodeIds: [],
    limits: { ...DETECTOR_LIMITS, ...options.limits },
    aliveAtMs: options.atMs,
    queueRemaining: null,
    queueAbsentAtMs: null,
    absentSinceMs: null,
  };
}

type OpenState = Exclude<PromptState, { phase: 'ended' }>;

/**
 * The completion detector; pure. Socket messages are only hints, except that they prove the prompt alive. Unknown, foreign and
 * repeated messages do not change the phase.
 */
export function nextPromptState(state: PromptState, signal: PromptSignal): PromptStep {
  if (state.phase === 'ended') return { state, ask: null };
  switch (signal.kind) {
    case 'submitted':
      return { state: afterPost(state, 'queued', signal.atMs), ask: null };
    case 'unclear':
      return { state: afterPost(state, 'unclear', signal.atMs), ask: null };
    case 'socket':
      return afterMessage(state, signal.message, signal.atMs);
    case 'history':
      return afterHistory(state, signal.entry, signal.atMs);
    case 'history_failed':
      return afterFailedRead(state, signal);
    case 'queue':
      return afterQueue(state, signal.place, signal.atMs);
    case 'reconnected':
      return { state, ask: 'queue' };
    case 'tick':
      return {
        state,
        ask: state.queueAbsentAtMs === null && state.absentSinceMs !== null ? 'queue' : 'history',
      };
  }
}

/** Applies the outcome of the POST, unless messages have already shown more. */
function afterPost(state: OpenState, phase: 'queued' | 'unclear', atMs: number): OpenState {
  const isUnknown = state.phase === 'pending' || state.phase === 'unclear';
  return isUnknown ? { ...alive(state, atMs), phase } : state;
}

function alive<S extends OpenState>(state: S, atMs: number): S {
  return { ...state, aliveAtMs: atMs, queueAbsentAtMs: null, absentSinceMs: null };
}

function afterMessage(state: OpenState, message: SocketMessage, atMs: number): PromptStep {
  if (message.type === 'status') return afterStatus(state, message.data.queue_remaining);
  const promptId = readPromptId(message);
  if (promptId !== state.promptId) {
    // One prompt runs at a time: the start of another one means that a running one has ended.
    const over = message.type === 'execution_start' && state.phase === 'running';
    return { state, ask: over ? 'history' : null };
  }
  return afterOwnMessage(state, message, atMs);
}

function afterOwnMessage(state: OpenState, message: SocketMessage, atMs: number): PromptStep {
  switch (message.type) {
    case 'execution_success':
      return toEnding(state, { reason: 'execution_success', atMs });
    case 'execution_error':
      if (isBlocked(message.data)) return { state: toSeen(state, atMs), ask: null };
      return toEnding(state, { reason: 'execution_error', hint: failedBy(message.data), atMs });
    case 'execution_interrupted':
      return toEnding(state, { reason: 'execution_interrupted', hint: interruptedBy(message.data), atMs });
    case 'executing':
      return message.data.node === null
        ? toEnding(state, { reason: 'executing null', atMs })
        : { state: toRunning(state, atMs), ask: null };
    case 'executed':
      return { state: toRunning(announce(state, message.data), atMs), ask: null };
    case 'other':
      return { state: toSeen(state, atMs), ask: null };
    default:
      return { state: toRunning(state, atMs), ask: null };
  }
}

/** Limit of announced nodes; a single one of them in history is enough. */
const MAX_ANNOUNCED = 100;

/** Records an announced output; a node from the cache may report null, which announces nothing. */
function announce(state: OpenState, { node, output }: ExecutedMessage['data']): OpenState {
  const { announcedNodeIds } = state;
  if (announcedNodeIds.length >= MAX_ANNOUNCED || announcedNodeIds.includes(node)) return state;
  if (!isRecord(output) || Object.keys(output).length === 0) return state;
  return { ...state, announcedNodeIds: [...state.announcedNodeIds, node] };
}

function afterStatus(state: OpenState, queueRemaining: number): PromptStep {
  const fell = state.queueRemaining !== null && queueRemaining < state.queueRemaining;
  return { state: { ...state, queueRemaining }, ask: fell && state.phase !== 'pending' ? 'history' : null };
}

/** The server knows the prompt, which was therefore accepted. */
function toSeen(state: OpenState, atMs: number): OpenState {
  const next = alive(state, atMs);
  return next.phase === 'unclear' ? { ...next, phase: 'queued' } : next;
}

/** The prompt runs, unless its end was announced: repeated messages do not withdraw that. */
function toRunning(state: OpenState, atMs: number): OpenState {
  return state.phase === 'ending' ? alive(state, atMs) : { ...alive(state, atMs), phase: 'running' };
}

function toEnding(
  state: OpenState,
  sign: { reason: string; hint?: PromptOutcome; atMs: number },
): PromptStep {
  const { reason, hint = null, atMs } = sign;
  const next = alive(state, atMs);
  if (next.phase === 'ending') return { state: { ...next, hint: next.hint ?? hint }, ask: 'history' };
  return {
    state: { ...next, phase: 'ending', sinceMs: atMs, historyReads: 0, reason, hint },
    ask: 'history',
  };
}

function failedBy(data: Record<string, unknown>): PromptOutcome {
  return { kind: 'failed', error: readExecutionError(data), outputs: [] };
}

function interruptedBy(data: Record<string, unknown>): PromptOutcome {
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return {
    kind: 'interrupted',
    nodeId: text(data['node_id']),
    nodeType: text(data['node_type']),
    outputs: [],
  };
}

function afterHistory(state: OpenState, entry: HistoryEntry | null, atMs: number): PromptStep {
  if (entry === null) return afterNoHistory(state, atMs);
  const outcome = classifyHistory(entry, state.announcedNodeIds);
  if (outcome.kind !== 'incomplete') return ended(state, outcome);
  const ending = toEnding(state, { reason: outcome.reason, atMs }).state;
  if (ending.phase !== 'ending') return { state: ending, ask: null };
  return endIfOverdue({ ...ending, reason: outcome.reason, historyReads: ending.historyReads + 1 }, atMs);
}

/** A failed read counts like an empty one, so that an announced end is not queried without limit. */
function afterFailedRead(
  state: OpenState,
  { reason, isTooLarge, atMs }: Extract<PromptSignal, { kind: 'history_failed' }>,
): PromptStep {
  const hint = state.phase === 'ending' ? state.hint : null;
  if (isTooLarge) return ended(state, hint ?? { kind: 'unreadable', reason, isTooLarge });
  if (state.phase !== 'ending') return { state, ask: null };
  return afterNoHistory({ ...state, reason }, atMs);
}

function afterNoHistory(state: OpenState, atMs: number): PromptStep {
  if (state.phase === 'pending') return { state, ask: null };
  if (state.phase === 'ending') {
    const ending = { ...state, historyReads: state.historyReads + 1 };
    if (isOverdue(ending, atMs) && ending.queueAbsentAtMs === null) return { state: ending, ask: 'queue' };
    return endIfOverdue(ending, atMs);
  }
  if (state.queueAbsentAtMs === null) {
    const isQuiet = atMs - state.aliveAtMs >= state.limits.quietMs;
    const doubtful = state.phase === 'unclear' || state.absentSinceMs !== null || isQuiet;
    return { state, ask: doubtful ? 'queue' : null };
  }
  const absentSinceMs = state.absentSinceMs ?? state.queueAbsentAtMs;
  if (state.absentSinceMs !== null && atMs - absentSinceMs >= state.limits.lostAfterMs) {
    return ended(state, { kind: 'lost', reason: 'absent from queue and history' });
  }
  return { state: { ...state, absentSinceMs, queueAbsentAtMs: null }, ask: null };
}

type EndingState = Extract<PromptState, { phase: 'ending' }>;

/** True after the time limit of an announced end; shorter for a failure that the socket has already described in full. */
function isOverdue(state: EndingState, atMs: number): boolean {
  const limitMs = state.hint === null ? state.limits.endingMs : state.limits.endingMs / 4;
  return atMs - state.sinceMs >= limitMs;
}

function endIfOverdue(state: EndingState, atMs: number): PromptStep {
  if (!isOverdue(state, atMs)) return { state, ask: null };
  if (state.hint !== null) return ended(state, state.hint);
  return ended(state, {
    kind: 'unreadable',
    reason: `history incomplete after ${state.reason}, task ${state.promptId} may still be running`,
  });
}

function afterQueue(state: OpenState, place: 'running' | 'pending' | 'absent', atMs: number): PromptStep {
  if (place === 'absent') return { state: { ...state, queueAbsentAtMs: atMs }, ask: 'history' };
  const next = alive(state, atMs);
  // Still queued long after its end was announced: the announcement was wrong.
  if (next.phase === 'ending' && !isOverdue(next, atMs)) return { state: next, ask: null };
  return {
    state: { ...next, phase: place === 'running' || next.phase === 'running' ? 'running' : 'queued' },
    ask: null,
  };
}

function ended(state: OpenState, end: PromptEnd): PromptStep {
  return { state: { phase: 'ended', promptId: state.promptId, end }, ask: null };
}
