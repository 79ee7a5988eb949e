import { isLosslessNumber, type TimeSlice } from '@comfleet/comfyui';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../platform/errors/app-error.ts';
import { hashBody } from '../../platform/http/hash-body.ts';
import { readLosslessBody } from '../../platform/http/json-body.ts';

/** A submission; its graph keeps every number as written. */
export interface JobBody {
  graph: Record<string, unknown>;
  extraData: { api_key_comfy_org?: string } | null;
}

/** Fields that the contract reserves and requires to be refused for now. */
const RESERVED = ['webhook_url', 'inputs'];

/** Parses the body of POST /api/v2/jobs. Throws INVALID_WORKFLOW naming what is wrong. */
export function readJobBody(request: FastifyRequest): JobBody {
  const body = readLosslessBody(request);
  for (const field of RESERVED) {
    if (Object.hasOwn(body, field)) refuse(`"${field}" is reserved and not accepted yet`);
  }
  const { workflow } = body;
  if (!isObject(workflow)) return refuse('"workflow" must be an object: the graph in API format');
  return { graph: workflow, extraData: readExtraData(body.extra_data) };
}

const API_KEY = 'api_key_comfy_org';

/** Allows one key only, a secret of this prompt. */
function readExtraData(value: unknown): JobBody['extraData'] {
  if (value === undefined) return null;
  if (!isObject(value)) return refuse('"extra_data" must be an object');
  const unknown = Object.keys(value).find((key) => key !== API_KEY);
  if (unknown !== undefined) refuse(`extra_data takes ${API_KEY} only, not "${unknown.slice(0, 100)}"`);
  const key = value[API_KEY];
  if (key === undefined) return null;
  if (typeof key !== 'string') return refuse(`extra_data.${API_KEY} must be a string`);
  return { [API_KEY]: key };
}

/** Reads the header `Idempotency-Key` and hashes the graph; undefined without a key. A long key is hashed too. */
export async function readIdempotencyKey(
  request: FastifyRequest,
  graph: unknown,
  slice: TimeSlice,
): Promise<{ key: string; bodyHash: string } | undefined> {
  const header = request.headers['idempotency-key'];
  const key = Array.isArray(header) ? header.join(',') : header;
  if (key === undefined || key === '') return undefined;
  const isPlain = /^[\x21-\x7e]{1,100}$/.test(key);
  return {
    key: isPlain ? key : `hash:${await hashBody(key, slice)}`,
    bodyHash: await hashBody(graph, slice),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}

function refuse(reason: string): never {
  throw new AppError('INVALID_WORKFLOW', { reason, node_errors: {} });
}
