import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readNumber, readText } from '../faults/fault-script.ts';
import { HISTORY_ROUTES } from './history-routes.ts';
import { INFO_ROUTES } from './info-routes.ts';
import { JOB_ROUTES } from './job-routes.ts';
import { isOriginAllowed } from './origin.ts';
import { PROMPT_ROUTES } from './prompt-routes.ts';
import { HandlerRaised, type Reply, replyEmpty, replyText, SERVER_ERROR, type SimRequest } from './reply.ts';
import { type RouteMatch, RouteTable } from './route-table.ts';
import type { ServerState } from './server-state.ts';
import { UPLOAD_ROUTES } from './upload-routes.ts';
import { USER_ROUTES } from './user-routes.ts';
import { VIEW_ROUTES } from './view-route.ts';
import { writeReply } from './write-reply.ts';

/** The HTTP listener of a simulated server; WebSocket upgrades are handled by the caller. */
export function createHttpServer(state: ServerState): Server {
  const extra = state.options.version === 'new' ? JOB_ROUTES : [];
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
    answer(request, response, { state, table }).catch((error: unknown) => {
      state.options.log(`request failed: ${String(error)}`);
      response.destroy();
    });
  });
  return server;
}

interface AnswerScope {
  readonly state: ServerState;
  readonly table: RouteTable;
}

async function answer(request: IncomingMessage, response: ServerResponse, scope: AnswerScope): Promise<void> {
  const { state } = scope;
  const { faults, options } = state;
  const [rawPath = '/', search = ''] = splitTarget(request.url ?? '/');
  const isPromptPost = request.method === 'POST' && (rawPath === '/prompt' || rawPath === '/api/prompt');
  if (!faults.isEmpty()) {
    if (isPromptPost) faults.reach('before_post', undefined);
    await faults.waitWhile('freeze');
    if (redirect(rawPath, response, state)) return;
  }
  if (!isAdmitted(request, state)) return writeReply(request, response, replyEmpty(403), state);
  if (request.method === 'OPTIONS') return writeReply(request, response, replyEmpty(200), state);
  const match = scope.table.find(request.method ?? 'GET', rawPath);
  if (match.kind === 'absent') return writeReply(request, response, replyEmpty(404), state);
  if (match.kind === 'wrong_method')
    return writeReply(request, response, replyText(405, '405: Method Not Allowed'), state);
  const body = await readBody(request, options.maxUploadBytes);
  if (body === undefined) return refuseTooLarge(request, response, state);
  if (options.latencyMs > 0) await options.clock.sleep(options.latencyMs);
  const slow = faults.peek('slow');
  if (slow !== undefined) await options.clock.sleep(readNumber(slow, 'latency_ms', 200));
  const delayed = isPromptPost ? faults.take('prompt_delayed') : undefined;
  if (delayed !== undefined) await options.clock.sleep(readNumber(delayed, 'ms', 8000));
  const reply = await callHandler(match, body, request, { state, path: rawPath, search });
  if (isPromptPost && reply.status === 200 && loseReply(response, state)) return;
  const isBroken = isPromptPost && reply.status === 200 && faults.take('prompt_500_queued') !== undefined;
  writeReply(request, response, isBroken ? SERVER_ERROR : reply, state);
}

function splitTarget(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function isAdmitted(request: IncomingMessage, state: ServerState): boolean {
  if (state.options.corsOrigin !== undefined) return true;
  if (state.options.version === 'new' && request.headers['sec-fetch-site'] === 'cross-site') return false;
  return isOriginAllowed(request.headers);
}

/** C-10: sends the caller to another host. */
function redirect(path: string, response: ServerResponse, state: ServerState): boolean {
  const spec = state.faults.take('redirect', undefined, (fault) =>
    path.includes(readText(fault, 'path', '/')),
  );
  if (spec === undefined) return false;
  response.writeHead(302, { Location: readText(spec, 'to', 'http://127.0.0.1:9/') });
  response.end();
  return true;
}

/** C-4: the prompt is accepted, the answer never arrives. */
function loseReply(response: ServerResponse, state: ServerState): boolean {
  const lost = state.faults.take('prompt_response_lost');
  if (lost === undefined) return false;
  if (readText(lost, 'how', 'reset') === 'silent') return true;
  response.socket?.resetAndDestroy();
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

async function callHandler(
  match: Extract<RouteMatch, { kind: 'found' }>,
  body: Buffer,
  request: IncomingMessage,
  scope: { readonly state: ServerState; readonly path: string; readonly search: string },
): Promise<Reply> {
  const simRequest: SimRequest = {
    method: request.method ?? 'GET',
    path: scope.path,
    params: match.params,
    query: new URLSearchParams(scope.search),
    headers: request.headers,
    body,
  };
  try {
    return await match.handler(simRequest, scope.state);
  } catch (error) {
    if (!(error instanceof HandlerRaised))
      scope.state.options.log(`Error handling request: ${String(error)}`);
    return SERVER_ERROR;
  }
}
