import { plainText, type Text } from '@comfleet/contract';
import type { $ZodIssue } from 'zod/v4/core';
import { describeIssue } from '../text/describe-issue.ts';
import type { SchemaNode } from './schema-lookup.ts';

/** Issues about a number's size or type: the schema states the whole range, the issue only the violated side. */
const ABOUT_SIZE = new Set<$ZodIssue['code']>(['invalid_type', 'too_small', 'too_big']);

/** The value that a key of the configuration expects, with an example if one helps. */
export function describeExpected(issue: $ZodIssue, node: SchemaNode | null): Text {
  const described = describeIssue(issue);
  if (node === null || !ABOUT_SIZE.has(issue.code) || described.code === 'value.in_quotes') return described;
  const expected = describeRange(node) ?? described;
  const example = findExample(issue.path.at(-1), node);
  return example === null ? expected : { code: 'value.example', params: { expected, example } };
}

/** Both limits of a number; null for anything else. */
function describeRange({ type, minimum, exclusiveMinimum, maximum }: SchemaNode): Text | null {
  if (type !== 'integer' && type !== 'number') return null;
  const kind = plainText(type === 'integer' ? 'kind.int' : 'kind.number');
  const min = toLimit(minimum);
  const max = toLimit(maximum);
  if (min !== null && max !== null) return { code: 'value.from_to', params: { kind, min, max } };
  if (min !== null) return { code: 'value.from', params: { kind, min } };
  if (exclusiveMinimum !== undefined) return { code: 'value.above', params: { kind, min: exclusiveMinimum } };
  if (max !== null) return { code: 'value.to', params: { kind, max } };
  return { code: 'value.kind', params: { kind } };
}

/** The schema of a whole number has the safe integers as its limits, which need no mention. */
function toLimit(limit: number | undefined): number | null {
  return limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? null : limit;
}

/** As it would be written in the file. */
function findExample(key: PropertyKey | undefined, node: SchemaNode): string | null {
  const value = showExample(node);
  if (value === null) return null;
  return typeof key === 'string' ? `${key}: ${value}` : value;
}

function showExample(node: SchemaNode): string | null {
  if (isScalar(node.default)) return String(node.default);
  switch (node.type) {
    case 'integer':
    case 'number':
      return String(toLimit(node.minimum) ?? 1);
    case 'boolean':
      return 'true';
    case 'array':
      return node.items?.type === 'string' ? '[a, b]' : null;
    case 'object':
      return showFirst(node);
    default:
      return null;
  }
}

/** One key of a block. */
function showFirst({ properties = {} }: SchemaNode): string | null {
  const [first] = Object.entries(properties).filter(([, child]) => isScalar(child.default));
  return first === undefined ? null : `{ ${first[0]}: ${String(first[1].default)} }`;
}

function isScalar(value: unknown): boolean {
  return value !== '' && ['string', 'number', 'boolean'].includes(typeof value);
}
