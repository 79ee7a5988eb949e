import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLosslessNumber, yieldToEventLoop } from '@comfleet/comfyui';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError, toError } from '../errors/app-error.ts';
import type { Clock } from '../time/clock.ts';
import { type JsonLimits, JsonReader, type ReadJson } from './json-reader.ts';
import { OpenBodies } from './open-bodies.ts';
import { markSize } from './validate-request.ts';

/** Limits of JSON bodies; `openBytes` is the total of all whose requests are not answered yet. */
export interface BodyLimits extends JsonLimits {
  readonly openBytes: number;
}

export interface JsonParserOptions {
  limits: BodyLimits;
  clock: Clock;
  /** The client of a request, if known. */
  clientOf: (request: FastifyRequest) => string;
}

/** Bodies with every number as written. */
const bodies = new WeakMap<FastifyRequest, unknown>();
/** Bytes of a body read in one go. */
const PIECE_BYTES = 65_536;
/** Bytes of a refused body that are read and dropped: a sender that is cut off while sending never reads the response. */
const DROPPED_BYTES = 64 * 1024 * 1024;

/**
 * Parses JSON bodies within the limits, without `__proto__` or `constructor.prototype`; once, while they arrive, with numbers as
 * written for routes that need them (WF23). Bodies beyond a limit are refused at once. Large ones yield to everything else.
 */
export function addJsonParser(app: FastifyInstance, { limits, clock, clientOf }: JsonParserOptions): void {
  const open = new OpenBodies(limits.openBytes);
  const responses = new WeakMap<FastifyRequest, ServerResponse>();
  app.addHook('preParsing', async (request, reply) => {
    responses.set(request, reply.raw);
  });
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    const response = responses.get(request);
    const body = await readBody(payload, {
      limit: request.routeOptions.bodyLimit,
      reader: new JsonReader(limits),
      clock,
      ...(response && { open: open.openFor(clientOf(request), response) }),
    });
    // Many clients send an empty body with this type for "no body".
    if (body === null) return undefined;
    bodies.set(request, body.exact);
    markSize(body);
    return body.plain;
  });
}

interface Reading {
  limit: number;
  reader: JsonReader;
  clock: Clock;
  open?: { add(bytes: number): void };
}

async function readBody(
  payload: IncomingMessage,
  { limit, reader, clock, open }: Reading,
): Promise<ReadJson | null> {
  const tooLarge = () => new AppError('BODY_TOO_LARGE', { limit_bytes: limit });
  let chunks: Uint8Array[] = [];
  let waiting = 0;
  let received = 0;
  let refusal: Error | null = Number(payload.headers['content-length'] ?? 0) > limit ? tooLarge() : null;
  for await (const chunk of payload.iterator({ destroyOnReturn: false })) {
    received += chunk.length;
    if (refusal !== null && received > limit + DROPPED_BYTES) break;
    if (refusal !== null) continue;
    try {
      if (received > limit) throw tooLarge();
      open?.add(chunk.length);
      chunks.push(chunk);
      waiting += chunk.length;
      if (waiting < PIECE_BYTES) continue;
      await yieldToEventLoop(clock);
      reader.add(Buffer.concat(chunks));
    } catch (thrown) {
      refusal = toError(thrown);
    }
    chunks = [];
    waiting = 0;
  }
  if (refusal !== null) throw refusal;
  reader.add(Buffer.concat(chunks));
  return reader.end();
}

/** The body's JSON tree with every number as written, not to be changed; empty if there was no JSON object. */
export function readLosslessBody(request: FastifyRequest): Readonly<Record<string, unknown>> {
  return toRecord(bodies.get(request));
}

/** The value if it is a JSON object; else an empty one. */
export function toRecord(value: unknown): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && !isLosslessNumber(value) ? { ...value } : {};
}
