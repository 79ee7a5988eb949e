import { STATUS_CODES } from 'node:http';
import { ERRORS, type ErrorCode, errorEnvelopeSchema } from '@comfleet/contract';
import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import { AppError } from '../platform/errors/app-error.ts';
import { toHead } from '../platform/http/error-response.ts';
import { UNREAD_STATUSES } from '../platform/http/refuse-unread.ts';
import { type Access, isPermission } from './authentication.ts';
import { RATE_LIMITED } from './comfy-v2/contract-error.ts';
import { OPERATIONS, type Operation } from './comfy-v2/operations.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Codes that the route itself refuses with, in addition to those implied by its method and access. */
    refusals?: readonly ErrorCode[];
    /** A body that the handler reads itself; used only in the API document. */
    ownBody?: { mediaType: string; schema: z.ZodType };
  }
}

/** What a route declares. */
export interface RouteFacts {
  methods: readonly string[];
  access: Access | undefined;
  keys: 'refused' | undefined;
  refusals: readonly ErrorCode[];
  uncounted: 'health' | 'own_limit' | undefined;
  operation: Operation | undefined;
}

/** One response in the API document, in zod. */
interface DocumentedResponse {
  description: string;
  content?: Record<string, { schema: z.ZodType }>;
}

/** Body of a route that takes none: empty, or an object without fields. */
export const noBody = z.strictObject({}).nullish();

/** A response that is not JSON. */
export function respondAs(mediaType: string, description: string): DocumentedResponse {
  return { description, content: { [mediaType]: { schema: z.string() } } };
}

/** Responses of a route that sends a file (`sendContent`). */
export const contentResponses = {
  200: respondAs('*/*', 'The bytes, with the media type of the file.'),
  206: respondAs('*/*', 'The part that the header Range asks for.'),
  304: z.null().describe('The file that the header If-None-Match names.'),
  416: z.null().describe('The header Range requests bytes beyond the end; Content-Range has the length.'),
};

/** The response of a route that exports a list, as one of these media types. */
export function exportResponses(types: readonly string[]): { 200: DocumentedResponse } {
  const content = types.map((type) => [type, { schema: z.unknown() }]);
  return { 200: { description: 'The file.', content: Object.fromEntries(content) } };
}

/** The response of an event stream. `kind` is the schema name of the events' data. */
export function streamResponses(kind: string): { 200: DocumentedResponse } {
  const description = `Server-sent events; the data of each is JSON, a ${kind}.`;
  return { 200: { description, content: { 'text/event-stream': { schema: z.unknown() } } } };
}

/** The codes with which the checks before the handler may refuse any request of such a route. */
function listGivenCodes({ methods, access, keys, uncounted }: RouteFacts): ErrorCode[] {
  const isRead = methods.every((method) => method === 'GET' || method === 'HEAD');
  const isPublic = access === 'public';
  return [
    'INVALID_REQUEST',
    'INTERNAL',
    ...(isPublic && uncounted !== undefined ? [] : (['RATE_LIMITED'] as const)),
    ...(isPublic ? [] : (['UNAUTHORIZED'] as const)),
    ...(isPermission(access) || keys === 'refused' ? (['FORBIDDEN'] as const) : []),
    ...(isRead ? [] : (['BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA'] as const)),
    // A public read needs no database.
    ...(isPublic && isRead
      ? []
      : (['UNAVAILABLE', 'SHUTTING_DOWN', 'STORAGE_FULL', 'DATABASE_DAMAGED'] as const)),
  ];
}

/** Every code that a native route may respond with. */
function listCodes(facts: RouteFacts): ErrorCode[] {
  return [...new Set([...listGivenCodes(facts), ...facts.refusals])].sort();
}

/** Error envelope of the Comfy API v2; registered under its id. */
const contractErrorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      details: z.record(z.string(), z.unknown()).nullable(),
    }),
  })
  .meta({ id: 'ContractError' });

/** An error in the API document; `headers` are those that every such response has. */
interface DocumentedProblem {
  description: string;
  content: Record<string, { schema: { $ref: string } }>;
  headers?: Record<string, { type: 'string' }>;
}

/** Every error response of a route, by status, with its codes. */
export function describeProblems(facts: RouteFacts): Record<string, DocumentedProblem> {
  const { operation } = facts;
  const unread = UNREAD_STATUSES.map((status) => [status, toProblem(errorEnvelopeSchema, status, [])]);
  const own =
    operation === undefined
      ? [...groupByStatus(listCodes(facts))].map(([status, codes]) => [
          status,
          toProblem(errorEnvelopeSchema, status, codes),
        ])
      : [...OPERATIONS[operation], RATE_LIMITED.status].map((status) => [
          status,
          toProblem(contractErrorSchema, status, []),
        ]);
  return Object.fromEntries([...unread, ...own]);
}

function groupByStatus(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const groups = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERRORS[code];
    groups.set(status, [...(groups.get(status) ?? []), code]);
  }
  return groups;
}

function toProblem(envelope: z.ZodType, status: number, codes: readonly ErrorCode[]): DocumentedProblem {
  const meanings = codes.map((code) => `\`${code}\`: ${ERRORS[code].meaning}`);
  const heads = codes.map((code) => Object.keys(toHead(new AppError(code)).headers));
  const names = (heads[0] ?? []).filter((name) => heads.every((head) => head.includes(name)));
  return {
    description: meanings.length > 0 ? meanings.join('\n\n') : (STATUS_CODES[status] ?? String(status)),
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${envelope.meta()?.id}` } } },
    ...(names.length > 0 && { headers: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) }),
  };
}

/** Who may use a route, in OpenAPI terms. If authentication is off, no token is required. */
export function describeSecurity(
  access: Access | undefined,
  { isOpen }: { isOpen: boolean },
): FastifySchema['security'] {
  switch (access) {
    case 'public':
      return [];
    case 'optional':
      return [{}, { bearer: [] }];
    case 'link':
      return [{ bearer: [] }, { signedLink: [] }];
    default:
      // A valid token, perhaps with a permission.
      return isOpen ? [{}, { bearer: [] }] : [{ bearer: [] }];
  }
}
