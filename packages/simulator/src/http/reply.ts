import type { IncomingHttpHeaders } from 'node:http';
import {
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  type Writable,
  writeJson,
} from '../json/lossless-json.ts';

/** A request as routes see it: each path segment decoded separately, and the whole body. */
export interface SimRequest {
  readonly method: string;
  /** Path without `/api`. */
  readonly path: string;
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A response. `stream` is written chunk by chunk, for bodies that are never whole in memory. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  readonly stream?: Iterable<Buffer>;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** 200 (or another status) with JSON. */
export function replyJson(value: Writable, status = 200): Reply {
  return replyJsonText(writeJson(value), status);
}

/** 200 (or another status) with text that already is JSON. */
export function replyJsonText(text: string, status = 200): Reply {
  return { status, headers: { 'Content-Type': JSON_TYPE }, body: text };
}

/** A response without a body. */
export function replyEmpty(status = 200): Reply {
  return { status, headers: {}, body: '' };
}

/** Plain text, as in aiohttp's own error responses. */
export function replyText(status: number, text: string): Reply {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: text };
}

/** Response of the origin check: it runs first, so no headers are added. */
export const NOT_ADMITTED: Reply = replyEmpty(403);

/** aiohttp's response if a handler raises. */
export const SERVER_ERROR: Reply = replyText(
  500,
  '500 Internal Server Error\n\nServer got itself in trouble',
);

/** The body is not what the handler expects: answered with 500, as for an exception in Python. */
export class HandlerRaised extends Error {}

/** The body as JSON; anything else raises, whatever its content type. */
export function readJsonBody(request: SimRequest): Json {
  try {
    return parseJson(request.body.toString('utf8'));
  } catch (error) {
    throw new HandlerRaised('The body is not JSON', { cause: error });
  }
}

/** The body as a JSON object; an array has no keys, so it is read as an empty object. */
export function readObjectBody(request: SimRequest): JsonObject {
  const value = readJsonBody(request);
  if (isObject(value)) return value;
  if (Array.isArray(value) || typeof value === 'string') return new Map();
  throw new HandlerRaised('The body is not a JSON object');
}
