import type { IncomingMessage, ServerResponse } from 'node:http';
import { readNumber, readText } from '../faults/fault-script.ts';
import type { CompiledOptions } from '../options.ts';
import { isSince } from '../profile.ts';
import { NOT_ADMITTED, type Reply } from './reply.ts';
import type { ServerState } from './server-state.ts';

/** Writes a response and applies the faults of bodies. */
export function writeReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  state: ServerState,
): void {
  if (response.destroyed) return;
  const path = request.url ?? '/';
  const headers: Record<string, string> = {
    ...reply.headers,
    Server: 'Python/3.11 aiohttp/3.8.4 (simulated)',
  };
  if (hasPolicy(reply, state.options)) headers['Content-Security-Policy'] = POLICY;
  if (state.options.corsOrigin !== undefined) Object.assign(headers, corsHeaders(state.options.corsOrigin));
  if (!state.faults.isEmpty() && writeFaulty(path, response, { reply, headers, state })) return;
  if (reply.stream !== undefined) {
    response.writeHead(reply.status, headers);
    void pump(reply.stream, response);
    return;
  }
  if (reply.status !== 204) headers['Content-Length'] = String(Buffer.byteLength(reply.body));
  response.writeHead(reply.status, headers);
  response.end(request.method === 'HEAD' ? undefined : reply.body);
}

const POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self' data:; frame-src 'self'; object-src 'self';";

/** Since 0.3.72 a server without API nodes sends a policy, except with the origin check's refusal and with 500. */
function hasPolicy(reply: Reply, { version, argv }: CompiledOptions): boolean {
  const isConfigured = isSince(version, '0.33') && argv.includes('--disable-api-nodes');
  return isConfigured && reply !== NOT_ADMITTED && reply.status !== 500;
}

function corsHeaders(origin: string): Record<string, string> {
  return {
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Methods': 'POST, GET, DELETE, PUT, OPTIONS',
    'Access-Control-Allow-Headers': 'Content-Type, Authorization',
    'Access-Control-Allow-Credentials': 'true',
  };
}

interface FaultyScope {
  readonly reply: Reply;
  readonly headers: Record<string, string>;
  readonly state: ServerState;
}

function writeFaulty(path: string, response: ServerResponse, scope: FaultyScope): boolean {
  const { faults } = scope.state;
  const fits = (spec: { readonly [field: string]: unknown }): boolean =>
    path.includes(typeof spec.path === 'string' ? spec.path : '/history/');
  const drip = faults.take('drip', undefined, fits);
  if (drip !== undefined) {
    void dripBody(response, scope, readNumber(drip, 'ms_per_byte', 1000));
    return true;
  }
  if (faults.take('endless_body', undefined, fits) !== undefined) {
    response.writeHead(scope.reply.status, scope.headers);
    void pump(endlessSpaces(Number.POSITIVE_INFINITY), response);
    return true;
  }
  const huge = faults.take('huge_body', undefined, fits);
  if (huge !== undefined) {
    response.writeHead(scope.reply.status, scope.headers);
    void pump(endlessSpaces(readNumber(huge, 'bytes', 1024 ** 3)), response);
    return true;
  }
  return path.includes('/view?') && breakDownload(path, response, scope);
}

/** D1: a download that breaks off: by reset, early end or wrong length; of any file, or only of one name. */
function breakDownload(
  path: string,
  response: ServerResponse,
  { reply, headers, state }: FaultyScope,
): boolean {
  if (reply.status !== 200 && reply.status !== 206) return false;
  const spec = state.faults.take('view_broken', undefined, (fault) =>
    path.includes(readText(fault, 'file', '')),
  );
  if (spec === undefined) return false;
  const bytes = Buffer.from(reply.body);
  const sent = bytes.subarray(
    0,
    Math.min(readNumber(spec, 'after', Math.floor(bytes.length / 2)), bytes.length),
  );
  const kind = readText(spec, 'kind', 'reset');
  const length = kind === 'wrong_length' ? sent.length : bytes.length;
  response.writeHead(reply.status, { ...headers, 'Content-Length': String(length) });
  response.write(sent, () => {
    if (kind === 'reset') response.socket?.resetAndDestroy();
    else response.socket?.end();
  });
  return true;
}

async function dripBody(
  response: ServerResponse,
  { reply, headers, state }: FaultyScope,
  msPerByte: number,
): Promise<void> {
  const bytes = Buffer.from(reply.body);
  response.writeHead(reply.status, { ...headers, 'Content-Length': String(bytes.length) });
  for (let i = 0; i < bytes.length && !response.destroyed; i += 1) {
    response.write(bytes.subarray(i, i + 1));
    await state.options.clock.sleep(msPerByte);
  }
  response.end();
}

function* endlessSpaces(total: number): Iterable<Buffer> {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  for (let sent = 0; sent < total; sent += chunk.length) yield chunk;
}

/** Writes chunk by chunk, waiting for the reader. */
async function pump(chunks: Iterable<Buffer>, response: ServerResponse): Promise<void> {
  for (const chunk of chunks) {
    if (response.destroyed) return;
    if (response.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        response.off('drain', go);
        response.off('close', go);
        resolve();
      };
      response.on('drain', go);
      response.on('close', go);
    });
  }
  response.end();
}
