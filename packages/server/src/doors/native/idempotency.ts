import { startTimeSlice } from '@comfleet/comfyui';
import { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { hashBody } from '../../platform/http/hash-body.ts';
import { readLosslessBody } from '../../platform/http/json-body.ts';
import type { Clock } from '../../platform/time/clock.ts';

/** For routes that create something: the same key and body get the same response for 24 h. */
export const idempotencyHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, DEFINITION_TEXTS.en['value.idempotency_key'])
    .optional()
    .describe('The same key with the same body gets the same response for 24 h.'),
});

/** Reads the header `Idempotency-Key`, checked by `idempotencyHeaders`, and hashes the request; undefined without the header. */
export async function readIdempotency(
  request: FastifyRequest & { headers: z.infer<typeof idempotencyHeaders> },
  { clock }: { clock: Clock },
): Promise<{ key: string; bodyHash: string } | undefined> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  const body = readLosslessBody(request);
  return { key, bodyHash: await hashBody([request.routeOptions.url, body], startTimeSlice(clock)) };
}
