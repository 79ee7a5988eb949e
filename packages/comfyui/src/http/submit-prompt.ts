import type { Graph } from '../graphs/graph.ts';
import { cutText } from '../json/cut-text.ts';
import { cutRecord } from '../json/cut-tree.ts';
import type { JsonLimits } from '../json/json-bytes.ts';
import { stringifyLosslessJson } from '../json/lossless-json.ts';
import { isRecord, readNumber, readString } from '../json/records.ts';
import type { Clock } from '../time/clock.ts';
import { ComfyError, type ComfyErrorDetails } from './comfy-error.ts';
import type { HttpCalls } from './http-calls.ts';
import type { HttpResponse } from './http-transport.ts';
import { mendExtraData } from './mend-extra-data.ts';
import { readBeginning, readJson } from './read-response.ts';

/** What POST /prompt sends. `graph` as JSON text is sent unchanged. Choose `promptId` (lowercase UUID) and register it before. */
export interface PromptRequest {
  graph: Graph | string;
  promptId: string;
  /** ComfyUI's `client_id`: the socket that gets the messages. Without it there is no end marker. */
  socketId?: string;
  extraData?: Record<string, unknown>;
  /** Priority, lower first; do not use it if the prompt may be sent again (protocol 3.3). */
  number?: number;
  front?: boolean;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/**
 * Outcome of a POST /prompt. refused: the server rejected it. not_sent: no byte was sent, so it is safe to send elsewhere.
 * unclear: it may have been accepted (timeout, reset, any 5xx): look for `promptId` in queue and history before sending again.
 */
export type SubmitOutcome =
  | { kind: 'accepted'; promptId: string; number: number; nodeErrors: null | Record<string, unknown> }
  | { kind: 'refused'; status: number; error: RefusalError; nodeErrors: null | Record<string, unknown> }
  | { kind: 'not_sent'; cause: ComfyError }
  | { kind: 'unclear'; cause: ComfyError };

/** `error` of a 400 response (protocol 3.4); for other refusals `type` is `http_<status>`. */
export interface RefusalError {
  type: string;
  message: string;
  details: string;
  extraInfo: Record<string, unknown>;
}

const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
const LIMITS: JsonLimits = { bytes: MAX_RESPONSE_BYTES, values: 1_000_000 };

/** Sends one POST /prompt and returns the outcome; throws only for a graph that is not JSON. */
export async function submitPrompt(
  calls: Pick<HttpCalls, 'baseUrl' | 'clock' | 'request'>,
  request: PromptRequest,
): Promise<SubmitOutcome> {
  const body = buildBody(request);
  if (request.signal?.aborted) {
    return { kind: 'not_sent', cause: new ComfyError('ABORTED', 'Aborted before POST /prompt') };
  }
  try {
    const response = await calls.request({
      method: 'POST',
      url: `${calls.baseUrl}/prompt`,
      headers: { 'content-type': 'application/json' },
      body,
      timeoutMs: request.timeoutMs ?? 60_000,
      maxBytes: MAX_RESPONSE_BYTES,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    return await readResponse(response, calls.clock, request.promptId);
  } catch (error) {
    const cause =
      error instanceof ComfyError ? error : new ComfyError('RESET', 'POST /prompt broke', { cause: error });
    return cause.code === 'CONNECTION_REFUSED' ? { kind: 'not_sent', cause } : { kind: 'unclear', cause };
  }
}

function buildBody(request: PromptRequest): string {
  const graph =
    typeof request.graph === 'string' ? request.graph : stringifyLosslessJson(withTitles(request.graph));
  const rest = stringifyLosslessJson({
    client_id: request.socketId,
    prompt_id: request.promptId,
    extra_data: request.extraData && mendExtraData(request.extraData),
    number: request.number,
    front: request.front,
  });
  return `{"prompt":${graph},${rest.slice(1)}`;
}

/** Adds `_meta` to every node: ComfyUI 0.14.0 and later answer 500 if it is missing from a node whose class they replace. */
function withTitles(graph: Graph): Graph {
  const titled: Graph = {};
  for (const [nodeId, node] of Object.entries(graph)) titled[nodeId] = { _meta: {}, ...node };
  return titled;
}

async function readResponse(response: HttpResponse, clock: Clock, promptId: string): Promise<SubmitOutcome> {
  const { status } = response;
  if (status >= 500)
    return unclear('BAD_STATUS', { status, promptId, bodyText: await readBeginning(response) });
  const { answer, bodyText } = await parseBody(response, clock);
  if (status !== 200)
    return {
      kind: 'refused',
      status,
      error: readRefusal(status, bodyText, answer),
      nodeErrors: answer && readNodeErrors(answer),
    };
  if (answer === null) return unclear('INVALID_BODY', { status, promptId, bodyText });
  return {
    kind: 'accepted',
    promptId: readString(answer, 'prompt_id') ?? promptId,
    number: readNumber(answer, 'number') ?? 0,
    nodeErrors: readNodeErrors(answer),
  };
}

function unclear(code: 'BAD_STATUS' | 'INVALID_BODY', details: ComfyErrorDetails): SubmitOutcome {
  const words = code === 'INVALID_BODY' ? 'answered 200 without JSON' : `answered ${details.status}`;
  return { kind: 'unclear', cause: new ComfyError(code, `POST /prompt ${words}`, { details }) };
}

/** Null if it is no JSON object, as with refusals by proxies, or too large: then its beginning, if known. */
async function parseBody(
  response: HttpResponse,
  clock: Clock,
): Promise<{ answer: Record<string, unknown> | null; bodyText: string }> {
  try {
    const answer = await readJson(response, 'The answer', { limits: LIMITS, clock });
    return isRecord(answer)
      ? { answer, bodyText: '' }
      : { answer: null, bodyText: cutText(JSON.stringify(answer), 500) };
  } catch (error) {
    if (!(error instanceof ComfyError)) throw error;
    if (error.code === 'INVALID_BODY') return { answer: null, bodyText: error.details.bodyText ?? '' };
    if (error.code === 'TOO_LARGE') return { answer: null, bodyText: error.message };
    throw error;
  }
}

function readNodeErrors(answer: Record<string, unknown>): Record<string, unknown> | null {
  const errors = answer['node_errors'];
  return isRecord(errors) && Object.keys(errors).length > 0 ? cutRecord(errors) : null;
}

function readRefusal(status: number, text: string, answer: Record<string, unknown> | null): RefusalError {
  const error = answer?.['error'];
  if (isRecord(error)) {
    const extra = error['extra_info'];
    return {
      type: cutText(readString(error, 'type') ?? `http_${status}`, 500),
      message: cutText(readString(error, 'message') ?? ''),
      details: cutText(readString(error, 'details') ?? ''),
      extraInfo: isRecord(extra) ? cutRecord(extra) : {},
    };
  }
  const message = typeof error === 'string' ? cutText(error) : `ComfyUI answered ${status}`;
  return { type: `http_${status}`, message, details: text, extraInfo: {} };
}
