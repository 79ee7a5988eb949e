import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readNumber, readText } from '../faults/fault-script.ts';
import { isSince } from '../profile.ts';
import { HISTORY_ROUTES } from './history-routes.ts';
import { INFO_ROUTES } from './info-routes.ts';
import { LATER_ROUTES } from './later-routes.ts';
import { isAdmitted } from './origin.ts';
import { PROMPT_ROUTES } from './prompt-routes.ts';
import {
  HandlerRaised,
  NOT_ADMITTED,
  type Reply,
  replyEmpty,
  replyText,
  SERVER_ERROR,
  type SimRequest,
} from './reply.ts';
import { type RouteMatch, RouteTable } from './route-table.ts';
import type { ServerState } from './server-state.ts';
import { UPLOAD_ROUTES } from './upload-routes.ts';
import { USER_ROUTES } from './user-routes.ts';
import { VIEW_ROUTES } from './view-route.ts';
import { writeReply } from './write-reply.ts';

/** The HTTP listener of a simulated server; WebSocket upgrades are handled by the caller. */
export function createHttpServer(state: ServerState): Server {
  const extra = isSince(state.options.version, '0.33') ? LATER_ROUTES : [];
  const table = new RouteTable([
    ...PROMPT_ROUTES,
    ...HISTORY_ROUTES,
    ...VIEW_ROUTES,
    ...INFO_ROUTES,
    ...UPLOAD_ROUTES,
    ...USER_ROUTES,
    ...extra,
  ]);
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    handleRequest(request, response, { state, table }).catch((error: unknown) => {
      state.options.log(`request failed: ${String(error)}`);
      response.destroy();
    });
  });
  return server;
}

interface RequestScope {
  readonly state: ServerState;
  readonly table: RouteTable;
}

const PROMPT_PATHS: ReadonlySet<string> = new Set(['/prompt', '/api/prompt']);

/** What is known of a request before its body is read. */
interface Arrival {
  readonly path: string;
  readonly search: string;
  readonly isPromptPost: boolean;
}

async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  scope: RequestScope,
): Promise<void> {
  const { state } = scope;
  const { url = '/' } = request;
  const [path, search] = splitTarget(url);
  const isPromptPost = request.method === 'POST' && PROMPT_PATHS.has(path);
  if (!state.faults.isEmpty()) {
    await state.faults.waitWhile('freeze');
    if (redirect(path, response, state)) return;
  }
  const { method = 'GET' } = request;
  const match = scope.table.find(method, path);
  const refusal = refuseEarly(request, match, state);
  if (refusal !== undefined || match.kind !== 'found') {
    writeReply(request, response, refusal ?? SERVER_ERROR, state);
    return;
  }
  const body = await readBody(request, state.options.maxUploadBytes);
  if (body === undefined) {
    refuseTooLarge(request, response, state);
    return;
  }
  const reply = await handle({ request, body, match }, { path, search, isPromptPost }, state);
  if (reply !== undefined) writeReply(request, response, reply, state);
  else response.socket?.resetAndDestroy();
}

/** Origin, OPTIONS, unknown paths and methods: answered without reading the body. */
function refuseEarly(request: IncomingMessage, match: RouteMatch, state: ServerState): Reply | undefined {
  if (!isAdmitted(request.headers, state.options)) return NOT_ADMITTED;
  if (request.method === 'OPTIONS') return replyEmpty(200);
  if (match.kind === 'absent') return replyEmpty(404);
  return match.kind === 'wrong_method' ? replyText(405, '405: Method Not Allowed') : undefined;
}

interface Call {
  readonly request: IncomingMessage;
  readonly body: Buffer;
  readonly match: Extract<RouteMatch, { kind: 'found' }>;
}

/** Runs the handler between the delays and faults that concern it; undefined: the response is lost by a reset. */
async function handle(call: Call, arrival: Arrival, state: ServerState): Promise<Reply | undefined> {
  const { faults, options } = state;
  if (options.latencyMs > 0) await options.clock.sleep(options.latencyMs);
  if (faults.isEmpty()) return callHandler(call, arrival, state);
  const slow = faults.peek('slow');
  if (slow !== undefined) await options.clock.sleep(readNumber(slow, 'latency_ms', 200));
  if (!arrival.isPromptPost) return callHandler(call, arrival, state);
  const promptId = /"prompt_id"\s*:\s*"([^"]*)"/.exec(call.body.toString('utf8'))?.[1];
  faults.reach('before_post', promptId);
  const delayed = faults.take('prompt_delayed', promptId);
  if (delayed !== undefined) await options.clock.sleep(readNumber(delayed, 'ms', 8000));
  if (faults.take('prompt_500', promptId) !== undefined) return SERVER_ERROR;
  const reply = await callHandler(call, arrival, state);
  if (reply.status !== 200) return reply;
  const lost = faults.take('prompt_response_lost', promptId);
  if (lost !== undefined) {
    // silent: the connection stays open and nothing is ever sent
    return readText(lost, 'how', 'reset') === 'silent' ? new Promise(() => undefined) : undefined;
  }
  return faults.take('prompt_500_queued', promptId) === undefined ? reply : SERVER_ERROR;
}

function splitTarget(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

/** C-10: redirects the caller to another host. */
function redirect(path: string, response: ServerResponse, state: ServerState): boolean {
  const spec = state.faults.take('redirect', undefined, (fault) =>
    path.includes(readText(fault, 'path', '/')),
  );
  if (spec === undefined) return false;
  response.writeHead(302, { Location: readText(spec, 'to', 'http://127.0.0.1:9/') });
  response.end();
  return true;
}

async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (request.method === 'GET' || request.method === 'HEAD') return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
  }
  return size > limit
    ? undefined
    : chunks.length === 1
      ? (chunks[0] ?? Buffer.alloc(0))
      : Buffer.concat(chunks);
}

function refuseTooLarge(request: IncomingMessage, response: ServerResponse, state: ServerState): void {
  const limit = state.options.maxUploadBytes;
  const actual = request.headers['content-length'] ?? String(limit + 1);
  writeReply(
    request,
    response,
    replyText(413, `Maximum request body size ${limit} exceeded, actual body size ${actual}`),
    state,
  );
}

async function callHandler(call: Call, arrival: Arrival, state: ServerState): Promise<Reply> {
  const { request, match, body } = call;
  const simRequest: SimRequest = {
    method: request.method ?? 'GET',
    path: arrival.path,
    params: match.params,
    query: new URLSearchParams(arrival.search),
    headers: request.headers,
    body,
  };
  try {
    return await match.handler(simRequest, state);
  } catch (error) {
    if (!(error instanceof HandlerRaised)) state.options.log(`Error handling request: ${String(error)}`);
    return SERVER_ERROR;
  }
}
