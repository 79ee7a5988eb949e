import type { Json } from '../json/lossless-json.ts';

const CANONICAL_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Is this a prompt id as 0.25.0 and later demand it: a lowercase UUID with hyphens? */
export function isJobId(value: Json): value is string {
  return typeof value === 'string' && CANONICAL_UUID.test(value);
}
