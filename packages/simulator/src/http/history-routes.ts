import { shapeHistoryReply } from '../faults/shape-history.ts';
import { writeString } from '../json/lossless-json.ts';
import { isSince } from '../profile.ts';
import {
  HandlerRaised,
  type Reply,
  readObjectBody,
  replyEmpty,
  replyJsonText,
  type SimRequest,
} from './reply.ts';
import { type Route, route, type ServerState } from './server-state.ts';

function readInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new HandlerRaised(`invalid literal for int(): '${text}'`);
  return Number(text);
}

function listHistory(request: SimRequest, state: ServerState): Reply {
  const offset = isSince(state.options.version, '0.3.64') ? (readInteger(request.query, 'offset') ?? -1) : -1;
  return replyJsonText(state.history.listJson(readInteger(request.query, 'max_items'), offset));
}

function findHistory(request: SimRequest, state: ServerState): Reply {
  const [promptId = ''] = request.params;
  const entry = state.history.entryJson(promptId);
  const text = entry === undefined ? '{}' : `{${writeString(promptId)}: ${entry}}`;
  if (state.faults.isEmpty()) return replyJsonText(text);
  return shapeHistoryReply(promptId, text, state.faults, state.options.clock);
}

function postHistory(request: SimRequest, state: ServerState): Reply {
  const body = readObjectBody(request);
  if (body.get('clear') === true) state.history.clear();
  const ids = body.get('delete');
  if (ids !== undefined && !Array.isArray(ids)) throw new HandlerRaised('delete is not a list');
  for (const id of ids ?? []) if (typeof id === 'string') state.history.remove(id);
  return replyEmpty();
}

/** History (protocol 4.3). */
export const HISTORY_ROUTES: readonly Route[] = [
  route('GET', '/history', listHistory),
  route('GET', '/history/{prompt_id}', findHistory),
  route('POST', '/history', postHistory),
];
