import type { FastifyRequest } from 'fastify';
import type { TokenOrigin } from '../../people/identity/draw-token.ts';

/** Where a request for a token comes from, as sessions are listed. */
export function readOrigin({ ip, headers }: FastifyRequest): TokenOrigin {
  return { address: ip, userAgent: headers['user-agent'] ?? null };
}
