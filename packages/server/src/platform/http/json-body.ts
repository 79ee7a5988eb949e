import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLosslessNumber, parseStrictJson, stringifyLosslessJson, toPlainJson } from '@comfleet/comfyui';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError, toError } from '../errors/app-error.ts';
import { waitForTurn } from '../lifecycle/turns.ts';
import type { Clock } from '../time/clock.ts';
import { type JsonLimits, JsonScan } from './json-scan.ts';
import { OpenBodies } from './open-bodies.ts';

/** Bounds of JSON bodies; `openBytes` of all whose requests are not answered yet. */
export interface BodyLimits extends JsonLimits {
  readonly openBytes: number;
}

/** Bodies with every number as written. */
const bodies = new WeakMap<FastifyRequest, unknown>();
/** Larger ones wait for a turn of their own before they are parsed. */
const SMALL_CHARACTERS = 65_536;

/**
 * JSON bodies: within the limits, no `__proto__` or `constructor.prototype`; parsed once, with numbers as written for the routes
 * that need them (WF23). What is beyond a limit is refused while it arrives.
 */
export function addJsonParser(
  app: FastifyInstance,
  { limits, clock }: { limits: BodyLimits; clock: Clock },
): void {
  const open = new OpenBodies(limits.openBytes);
  const responses = new WeakMap<FastifyRequest, ServerResponse>();
  app.addHook('preParsing', async (request, reply) => {
    responses.set(request, reply.raw);
  });
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    const response = responses.get(request);
    const text = await readText(payload, {
      limit: request.routeOptions.bodyLimit,
      scan: new JsonScan(limits),
      ...(response && { open: open.openFor(response) }),
    });
    // An empty body with this type is what many clients send for "no body".
    if (isBlank(text)) return undefined;
    if (text.length > SMALL_CHARACTERS) await waitForTurn(clock);
    const exact = parseText(text);
    bodies.set(request, exact);
    return toPlainJson(exact);
  });
}

interface Reading {
  limit: number;
  scan: JsonScan;
  open?: { add(bytes: number): void };
}

/** What is read of a refused body and dropped: a sender that is cut off in the middle of it never reads the answer. */
const DROPPED_BYTES = 64 * 1024 * 1024;

async function readText(payload: IncomingMessage, { limit, scan, open }: Reading): Promise<string> {
  const tooLarge = () => new AppError('BODY_TOO_LARGE', { limit_bytes: limit });
  let chunks: Uint8Array[] = [];
  let received = 0;
  let refusal: Error | null = Number(payload.headers['content-length'] ?? 0) > limit ? tooLarge() : null;
  for await (const chunk of payload.iterator({ destroyOnReturn: false })) {
    received += chunk.length;
    if (refusal !== null && received > limit + DROPPED_BYTES) break;
    if (refusal !== null) continue;
    try {
      if (received > limit) throw tooLarge();
      open?.add(chunk.length);
      scan.add(chunk);
      chunks.push(chunk);
    } catch (thrown) {
      refusal = toError(thrown);
      chunks = [];
    }
  }
  if (refusal !== null) throw refusal;
  return Buffer.concat(chunks).toString('utf8');
}

function isBlank(text: string): boolean {
  return /^\s*$/.test(text.length > SMALL_CHARACTERS ? text.slice(0, SMALL_CHARACTERS) : text);
}

function parseText(text: string): unknown {
  let tree: unknown;
  try {
    tree = parseStrictJson(text);
  } catch (cause) {
    throw new AppError('INVALID_REQUEST', { reason: 'the body is not JSON' }, { cause });
  }
  // Names may be escaped.
  const mayBeForbidden = ['__proto__', 'constructor', '\\u'].some((part) => text.includes(part));
  if (mayBeForbidden && hasForbiddenName(tree))
    throw new AppError('INVALID_REQUEST', { reason: 'forbidden_name' });
  return tree;
}

/** Names that would change what objects are when such a tree is copied. */
function hasForbiddenName(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || isLosslessNumber(value)) return false;
  if (!Array.isArray(value) && isPollution(value)) return true;
  return Object.values(value).some(hasForbiddenName);
}

function isPollution(value: object): boolean {
  if (Object.hasOwn(value, '__proto__')) return true;
  const made: unknown =
    Object.hasOwn(value, 'constructor') && 'constructor' in value ? value.constructor : null;
  return typeof made === 'object' && made !== null && Object.hasOwn(made, 'prototype');
}

/** The body's JSON tree with every number as written, not to be changed; empty when there was no JSON object. */
export function readLosslessBody(request: FastifyRequest): Readonly<Record<string, unknown>> {
  return toRecord(bodies.get(request));
}

/** The value when it is a JSON object; an empty one for anything else. */
export function toRecord(value: unknown): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && !isLosslessNumber(value) ? { ...value } : {};
}

/** SHA-256 hex of a JSON tree, the order of keys aside: equal for bodies that mean the same. */
export function hashBody(tree: unknown): string {
  return createHash('sha256')
    .update(stringifyLosslessJson(sortKeys(tree)))
    .digest('hex');
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isLosslessNumber(value)) return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}
