import type { FastifyRequest } from 'fastify';
import { AppError } from '../../platform/errors/app-error.ts';
import { hashBody } from '../../platform/http/hash-body.ts';
import { readLosslessBody } from '../../platform/http/json-body.ts';
import { createTurns } from '../../platform/lifecycle/turns.ts';
import type { Clock } from '../../platform/time/clock.ts';

/** The header `Idempotency-Key` with the hash of what it was sent with; undefined without the header. */
export async function readIdempotency(
  request: FastifyRequest,
  { clock }: { clock: Clock },
): Promise<{ key: string; bodyHash: string } | undefined> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new AppError('INVALID_REQUEST', {
      reason: 'idempotency_key',
      expected: '1 to 255 visible ASCII characters',
    });
  }
  const body = readLosslessBody(request);
  return { key, bodyHash: await hashBody([request.routeOptions.url, body], createTurns(clock)) };
}
