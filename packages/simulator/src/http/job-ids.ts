import type { Json } from '../json/lossless-json.ts';

const CANONICAL_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a prompt id that 0.25.0 and later accept: a lowercase UUID with hyphens. */
export function isJobId(value: Json): value is string {
  return typeof value === 'string' && CANONICAL_UUID.test(value);
}
