import type { FastifyRequest } from 'fastify';
import type { TokenOrigin } from '../../people/identity/draw-token.ts';
import { clientAddressOf } from '../../platform/http/request-origin.ts';

/** Where a request for a token comes from, as sessions are listed. */
export function readOrigin(request: FastifyRequest): TokenOrigin {
  return { address: clientAddressOf(request), userAgent: request.headers['user-agent'] ?? null };
}
