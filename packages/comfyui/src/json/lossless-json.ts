import { isLosslessNumber, LosslessNumber } from './lossless-number.ts';
import { isNonFinite, maskNumbers, restoreNumbers } from './mask-numbers.ts';

// Our own, because the package lossless-json refuses NaN, Infinity and repeated keys, which ComfyUI sends, overflows the stack on
// deep nesting, and takes 5 to 9 times as long when no number has to be kept (docs/adr/0009-kept-libraries.md).

/**
 * Parses JSON so that it can be written again exactly as read (18446744073709551615, 1.0; ComfyUI seeds go to 2^64 − 1): numbers
 * that JavaScript prints with the same digits are plain, all others lossless. Accepts Python's bare NaN, Infinity and -Infinity;
 * of duplicate keys the last wins. As fast as `JSON.parse` if there is nothing to keep. Throws SyntaxError.
 */
export function parseLosslessJson(text: string): unknown {
  const masked = maskNumbers(text, 'both');
  if (masked === null) return JSON.parse(text);
  return restoreNumbers(JSON.parse(masked.text), masked.mark, (token) =>
    isNonFinite(token) ? Number(token) : new LosslessNumber(token),
  );
}

/** Writes JSON without spaces, lossless numbers exactly as read, NaN and Infinity as in Python. Throws TypeError for non-JSON. */
export function stringifyLosslessJson(value: unknown): string {
  const text = write(value);
  if (text === undefined) throw new TypeError(`JSON cannot hold a value of type ${typeof value}`);
  return text;
}

function write(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? 'null' : writeObject(value);
    default:
      return undefined;
  }
}

function writeObject(value: object): string {
  if (isLosslessNumber(value)) return value.value;
  if (Array.isArray(value)) return `[${value.map((item) => write(item) ?? 'null').join(',')}]`;
  const members: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    const text = write(item);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(',')}}`;
}

/** Converts a lossless tree to plain numbers; digits above 2^53 are rounded. Parts without lossless ones are not copied. */
export function toPlainJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isLosslessNumber(value)) return Number(value.value);
  const plain = new Map<string, unknown>();
  for (const [key, item] of Object.entries(value)) {
    const part = toPlainJson(item);
    if (part !== item) plain.set(key, part);
  }
  if (plain.size === 0) return value;
  if (Array.isArray(value)) return value.map((item, index) => plain.get(String(index)) ?? item);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain.get(key) ?? item]));
}
