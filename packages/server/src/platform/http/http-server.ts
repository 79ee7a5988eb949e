import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { plainText } from '@comfleet/contract';
import cors from '@fastify/cors';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { AppError } from '../errors/app-error.ts';
import { hasCode } from '../errors/error-details.ts';
import type { Logger } from '../logging/logger.ts';
import type { Clock } from '../time/clock.ts';
import { countHeader } from './count-header.ts';
import { toAppError, toEnvelope, toHead } from './error-response.ts';
import { createHostGuard, type HostRules } from './host-guard.ts';
import { addJsonParser, type BodyLimits } from './json-body.ts';
import { limitPipelining } from './limit-pipelining.ts';
import { refuseUnread } from './refuse-unread.ts';
import { clientAddressOf, schemeOf } from './request-origin.ts';
import { RouteTable } from './route-table.ts';
import { SECURITY_HEADERS, STRICT_TRANSPORT } from './security-headers.ts';
import { compileValidator } from './validate-request.ts';

/** Our Fastify: schemas are zod's. */
export type HttpServer = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface HttpServerOptions extends HostRules {
  jsonBodyBytes: number;
  body: BodyLimits;
  /** Origins of other pages that may use the API. */
  allowedOrigins?: readonly string[];
  /** Proxies whose X-Forwarded headers are believed. */
  trustedProxies?: readonly string[];
  /** The client of a request, for limits per client; by default its address. */
  clientOf?: (request: FastifyRequest) => string;
  timeLimits?: typeof TIME_LIMITS;
  logger: Logger;
  clock: Clock;
}

/** What pages of other origins may read, in addition to what all may. */
const EXPOSED_HEADERS = [
  ...['Content-Disposition', 'Location', 'Retry-After', 'X-Request-Id'],
  ...['RateLimit', 'RateLimit-Policy'],
];
const MAX_HEADER_BYTES = 16_384;
const KEEP_ALIVE_MS = 72_000;
/** How long the headers and the whole request may take to arrive, and how often that is checked. */
const TIME_LIMITS = { headersMs: 30_000, requestMs: 300_000, checkMs: 5000 };

/** Replaces Fastify's own compilers, which are large: ours are set before the first schema. */
function refuseSchema(): never {
  throw new Error('no schema is compiled before the compilers are set');
}

/** The main listener without routes: limits, ids, headers, the error handler, 404 and 405. The caller calls `listen`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { timeLimits = TIME_LIMITS } = options;
  const app: HttpServer = Fastify({
    logger: false,
    bodyLimit: options.jsonBodyBytes,
    serverFactory: (handler) =>
      createServer(
        {
          maxHeaderSize: MAX_HEADER_BYTES,
          headersTimeout: timeLimits.headersMs,
          requestTimeout: timeLimits.requestMs,
          connectionsCheckingInterval: timeLimits.checkMs,
          keepAliveTimeout: KEEP_ALIVE_MS,
          // The guard refuses them, in our envelope.
          requireHostHeader: false,
        },
        limitPipelining(handler),
      ),
    forceCloseConnections: true,
    trustProxy: [...(options.trustedProxies ?? [])],
    // A machine that is busy during the start is no fault of a plugin, and no reason to fail.
    pluginTimeout: 0,
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    // A path is no longer than the headers may be; its route checks the content.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_HEADER_BYTES },
    frameworkErrors: (error, request, reply) => {
      reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id });
      sendError(error, request, reply, options.logger);
    },
    clientErrorHandler: (error, socket) => refuseUnread(error, socket),
    schemaController: { compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema } },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(compileValidator);
  // Responses are built from our own types: the schemas describe them, and tests check them.
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  const clientOf = options.clientOf ?? clientAddressOf;
  addJsonParser(app, { limits: options.body, clock: options.clock, clientOf });
  const table = new RouteTable();
  app.addHook('onRoute', (route) => table.add(route.method, route.url));
  addRequestGuard(app, options);
  allowOrigins(app, options.allowedOrigins ?? []);
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, options.logger));
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0] ?? '';
    const allowed = table.listMethods(path);
    // A wildcard route (files) that found nothing is also 404.
    if (allowed.length === 0 || allowed.includes(request.method)) throw new AppError('NOT_FOUND');
    throw new AppError('METHOD_NOT_ALLOWED', { allowed });
  });
  return app;
}

function addRequestGuard(app: HttpServer, options: HttpServerOptions): void {
  const isOurHost = createHostGuard(options);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id });
    if (schemeOf(request) === 'https') reply.headers(STRICT_TRANSPORT);
    // Links are made of the forwarded host, where a trusted proxy names one.
    const hosts = [request.headers.host, request.host];
    const areOurs = hosts.every((host) => isOurHost(host, request.socket.localAddress));
    if (countHeader(request, 'host') > 1 || !areOurs) {
      throw new AppError('INVALID_REQUEST', {
        reason: 'unknown_host',
        setting: 'server.allowed_hosts',
        message_text: plainText('reason.unknown_host'),
      });
    }
  });
}

/** Lets pages of other origins use the API with a token of their own; no browser sends them credentials that it keeps for us. */
function allowOrigins(app: HttpServer, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.register(cors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
  });
}

/** Sends any error in the native envelope; a door with another dialect sets its own handler in its scope. */
function sendError(
  thrown: FastifyError | Error | unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  const error = toAppError(thrown);
  logError(error, request, logger);
  const { status, headers } = toHead(error);
  if (hasCode(error, 'METHOD_NOT_ALLOWED') && error.details)
    reply.header('allow', error.details.allowed.join(', '));
  reply.removeHeader('content-disposition');
  return reply
    .status(status)
    .headers({ ...headers, 'cache-control': 'no-store' })
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(toEnvelope(error, request.id));
}

/** Logs a failed request: callers' mistakes at info, ours with the whole cause. */
export function logError(error: AppError, request: FastifyRequest, logger: Logger): void {
  const fields = {
    requestId: request.id,
    method: request.method,
    route: request.routeOptions?.url ?? null,
    code: error.code,
  };
  switch (error.spec.blame) {
    case 'caller':
      logger.info('http.refused', fields);
      return;
    case 'worker':
      logger.warn('http.failed', { ...fields, cause: error.cause });
      return;
    case 'system':
    case 'bug':
      logger.error('http.failed', { ...fields, cause: error.cause });
  }
}
