import multipart from '@fastify/multipart';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../platform/errors/app-error.ts';
import { toAppError } from '../../platform/http/error-response.ts';
import { type HttpServer, logError } from '../../platform/http/http-server.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { auditRequests } from '../audit-requests.ts';
import { type AuthenticationOptions, createAuthentication } from '../authentication.ts';
import { addAssetRoutes } from './asset-routes.ts';
import type { ComfyV2Deps } from './comfy-v2-deps.ts';
import { toContractError } from './contract-error.ts';
import { addJobRoutes } from './job-routes.ts';

/**
 * Adds the Comfy API v2 (contract: e2e/contracts/comfy-api-v2.openapi.yaml) to the main listener. Tokens are the native
 * ones; errors use the contract's own envelope, also for unknown addresses below the two prefixes.
 */
export async function addComfyV2Door(
  app: HttpServer,
  deps: ComfyV2Deps,
  authentication: Omit<AuthenticationOptions, 'identity'>,
): Promise<void> {
  const addScope = async (prefix: string, addRoutes: (scope: HttpServer, deps: ComfyV2Deps) => void) => {
    await app.register(
      async (scope) => {
        scope.setErrorHandler((thrown, request, reply) => sendError(thrown, request, reply, deps.logger));
        scope.setNotFoundHandler((request, reply) =>
          sendError(new AppError('NOT_FOUND'), request, reply, deps.logger),
        );
        scope.addHook('onRequest', createAuthentication({ ...authentication, identity: deps.identity }));
        auditRequests(scope, { ...deps, door: 'comfy-v2' });
        await scope.register(multipart, { throwFileSizeLimit: false });
        addRoutes(scope, deps);
      },
      { prefix },
    );
  };
  await addScope('/api/v2/jobs', addJobRoutes);
  await addScope('/api/v2/assets', addAssetRoutes);
}

function sendError(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  const error = toAppError(thrown);
  logError(error, request, logger);
  const response = toContractError(error, request.routeOptions?.config?.operation);
  const { status, code, message, details, retryAfter } = response;
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  reply.removeHeader('content-disposition');
  return reply
    .status(status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ error: { code, message, details } });
}
