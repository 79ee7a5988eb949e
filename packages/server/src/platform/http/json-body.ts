import { createHash } from 'node:crypto';
import { isLosslessNumber, parseLosslessJson, stringifyLosslessJson } from '@comfleet/comfyui';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../errors/app-error.ts';

const DEEPEST = 32;
const rawTexts = new WeakMap<FastifyRequest, string>();

/**
 * JSON bodies: at most 32 levels deep, no `__proto__` or `constructor.prototype`; the text is kept for routes that need
 * numbers as written (WF23).
 */
export function addJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = String(body);
    if (measureDepth(text) > DEEPEST) {
      done(new AppError('INVALID_REQUEST', { reason: 'nested_too_deep', limit: DEEPEST }));
      return;
    }
    rawTexts.set(request, text);
    // An empty body with this type is what many clients send for "no body".
    if (text.trim() === '') done(null, undefined);
    else void parse(request, text, done);
  });
}

/** The body's JSON tree with every number as written; null when there was no JSON body. */
export function readLosslessBody(request: FastifyRequest): Record<string, unknown> {
  const tree = parseLosslessJson(rawTexts.get(request)?.trim() || '{}');
  return typeof tree === 'object' && tree !== null ? (tree as Record<string, unknown>) : {};
}

/** A part of a lossless tree with plain numbers wherever JavaScript prints the same digits. */
export function toExactTree(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isLosslessNumber(value))
    return String(Number(value.value)) === value.value ? Number(value.value) : value;
  if (Array.isArray(value)) return value.map(toExactTree);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toExactTree(item)]));
}

/** As toExactTree, for a JSON object; an empty one for anything else. */
export function toExactRecord(value: unknown): Record<string, unknown> {
  const tree = toExactTree(value);
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree) ? { ...tree } : {};
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

/** The deepest nesting of brackets outside strings. */
export function measureDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = findStringEnd(text, at);
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return deepest;
}

function findStringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at += 1;
    else if (code === 0x22) return at;
  }
  return text.length;
}
