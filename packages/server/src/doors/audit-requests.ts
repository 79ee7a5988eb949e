import { type AuditAction, type AuditOutcome, type ErrorCode, parseId } from '@comfleet/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditFacts, AuditLog } from '../people/audit/audit-log.ts';
import type { AuditedObject } from '../people/audit/audited-people.ts';
import { toAppError } from '../platform/http/error-response.ts';
import type { HttpServer } from '../platform/http/http-server.ts';
import { clientAddressOf } from '../platform/http/request-origin.ts';
import type { Logger } from '../platform/logging/logger.ts';
import type { AuditedObjects } from './audited-objects.ts';
import { AUDITED_ROUTES, type ObjectPlace, type RouteAudit } from './audited-routes.ts';
import { findRequestSession, isPermission } from './authentication.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** From the table of audited routes. */
    audit?: RouteAudit | undefined;
  }
}

export interface AuditDeps {
  audit: Pick<AuditLog, 'record'>;
  objects: AuditedObjects;
  logger: Logger;
  door: string;
}

/** What is known about a request before its answer. */
interface Note {
  before: AuditedObject | null;
  code: ErrorCode | null;
  /** What its handler says, where path, body, answer and status do not. */
  own: { outcome?: AuditOutcome; code?: ErrorCode; objectId?: string };
  isWritten: boolean;
}

const notes = new WeakMap<FastifyRequest, Note>();

/** Notes what the audit log cannot see: the object that a request is about, or an outcome that its status does not tell. */
export function noteAudit(request: FastifyRequest, own: Note['own']): void {
  const note = noteOf(request);
  note.own = { ...note.own, ...own };
}

/** Makes every audited route of a door leave its entry before its answer leaves, and every refusal of any other route. */
export function auditRequests(door: HttpServer, deps: AuditDeps): void {
  door.addHook('onRoute', (route) => {
    route.config = { ...route.config, audit: AUDITED_ROUTES[`${String(route.method)} ${route.url}`] };
  });
  door.addHook('preHandler', async (request) => {
    if (auditOf(request)) noteOf(request).before = await findObject(request, deps.objects, null);
  });
  door.addHook('onError', async (request, _reply, error) => {
    noteOf(request).code = toAppError(error).code;
  });
  door.addHook('onSend', async (request, reply, payload) => {
    // By far most requests: no act, and not refused.
    if (reply.statusCode < 400 && !auditOf(request)) return payload;
    const note = noteOf(request);
    const outcome = note.own.outcome ?? judge(request, reply);
    if (outcome === null || note.isWritten) return payload;
    note.isWritten = true;
    const isDone = outcome !== 'denied';
    const after = isDone ? await findObject(request, deps.objects, payload) : null;
    await write(deps, describeAct(request, { note, outcome, after, door: deps.door }));
    return payload;
  });
}

const auditOf = (request: FastifyRequest): RouteAudit | undefined => request.routeOptions.config.audit;

function noteOf(request: FastifyRequest): Note {
  const known = notes.get(request);
  if (known) return known;
  const note: Note = { before: null, code: null, own: {}, isWritten: false };
  notes.set(request, note);
  return note;
}

async function write({ audit, logger }: AuditDeps, facts: AuditFacts): Promise<void> {
  try {
    await audit.record(facts);
  } catch (thrown) {
    // Where it cannot be stored, the log at least has it, and the caller learns that something is wrong.
    logger.error('audit.not_written', { ...facts, error: thrown });
    throw thrown;
  }
}

interface Act {
  note: Note;
  outcome: AuditOutcome;
  after: AuditedObject | null;
  door: string;
}

function describeAct(request: FastifyRequest, { note, outcome, after, door }: Act): AuditFacts {
  const [action] = auditOf(request) ?? ['access.denied' as const];
  const object = after ?? note.before;
  return {
    ...{ action, outcome, object: object && { kind: object.kind, id: object.id, name: object.name } },
    code: outcome === 'done' ? null : (note.own.code ?? note.code),
    actor: findActor(request, { action, outcome, object }),
    ...describeChange(outcome, note.before, after),
    origin: {
      door,
      route: `${request.method} ${request.routeOptions.url ?? ''}`,
      address: clientAddressOf(request),
      userAgent: request.headers['user-agent'] ?? null,
      requestId: request.id,
    },
  };
}

function describeChange(outcome: AuditOutcome, before: AuditedObject | null, after: AuditedObject | null) {
  if (outcome === 'denied') return { before: null, after: null };
  return { before: before?.state ?? null, after: after?.state ?? null };
}

/** Whoever has sent it; whoever signs in with it. */
function findActor(
  request: FastifyRequest,
  { action, outcome, object }: { action: AuditAction; outcome: AuditOutcome; object: AuditedObject | null },
): AuditFacts['actor'] {
  const session = findRequestSession(request);
  if (session !== null) return session.principal;
  return action === 'session.opened' && outcome === 'done' ? toActor(object) : null;
}

/**
 * An act that was carried out, or was refused to this caller; other refusals (a wrong body, an unknown id) are no acts. Of other
 * routes only what is forbidden counts, and changes that need a permission without any valid credentials.
 */
function judge(request: FastifyRequest, { statusCode: status }: FastifyReply): AuditOutcome | null {
  const isAudited = auditOf(request) !== undefined;
  if (status === 403) return 'denied';
  if (status === 401 && needsPermission(request)) return 'denied';
  if (!isAudited) return null;
  if (status === 401 || status === 429) return 'denied';
  if (status >= 500) return 'failed';
  return status < 400 ? 'done' : null;
}

function needsPermission({ method, routeOptions }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD' && isPermission(routeOptions.config.access);
}

/** The object of a request as it is now; `payload`: the answer, null before there is one. */
async function findObject(
  request: FastifyRequest,
  objects: AuditedObjects,
  payload: unknown,
): Promise<AuditedObject | null> {
  const [, kind, place] = auditOf(request) ?? [];
  if (kind === undefined || place === undefined) return null;
  const id = noteOf(request).own.objectId ?? readPlace(request, place, payload);
  return id === null ? null : objects[kind](id);
}

function readPlace(request: FastifyRequest, place: ObjectPlace, payload: unknown): string | null {
  if (place.startsWith('=')) return place.slice(1);
  if (place === 'caller') return findRequestSession(request)?.principal.id ?? null;
  const [source, name = ''] = place.split('.');
  if (source === 'params') return readText(request.params, name);
  return readText(source === 'body' ? request.body : parse(payload), name);
}

function readText(record: unknown, name: string): string | null {
  if (typeof record !== 'object' || record === null || !Object.hasOwn(record, name)) return null;
  const value = (record as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : null;
}

function parse(payload: unknown): unknown {
  return typeof payload === 'string' && payload.startsWith('{') ? JSON.parse(payload) : null;
}

function toActor(object: AuditedObject | null): AuditFacts['actor'] {
  if (object?.kind !== 'user' && object?.kind !== 'client') return null;
  const id = parseId<'principal'>(object.id ?? '');
  return id && { id, kind: object.kind, name: object.name ?? '' };
}
